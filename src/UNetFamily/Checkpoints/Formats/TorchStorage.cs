namespace UNetFamily;

/// <summary>Reads what a pickle of <c>torch.save</c> says of a storage: <c>("storage", type, key, location, count)</c>.</summary>
internal static class TorchStorage
{
    // Bits of a number in the storages of quantised tensors; the last two hold several numbers in a byte, and count bytes.
    private static readonly Dictionary<string, int> Quantised = new() { ["QInt8Storage"] = 8, ["QUInt8Storage"] = 8, ["QInt32Storage"] = 32, ["QUInt4x2Storage"] = 8, ["QUInt2x4Storage"] = 8 };

    public static PickledStorage Of(ByteSource source, long position, PickledSequence id)
    {
        if (id.Items is not [string and "storage", PickledGlobal type, string key, _, long count, ..])
            throw source.Fail(position, "A persistent id should name a storage, its type and size.");
        if (count < 0) throw source.Fail(position, $"Storage '{Printable.Of(key)}' has {count} numbers.");

        // Newer versions give bytes a type only in the tensor.
        var known = type.Name == "UntypedStorage" ? ElementType.UInt8 : ElementTypes.FromStorage(type.Name);
        return type.Module is "torch" or "torch.cuda" or "torch.storage" && known is { } ours
            ? new PickledStorage(key, ours, count)
            : new PickledStorage(key, ElementType.Other, count, type.ToString(), Quantised.TryGetValue(type.Name, out var bits) ? bits : null);
    }
}
