namespace UNetFamily;

/// <summary>Reads what a pickle of <c>torch.save</c> says of a storage: <c>("storage", type, key, location, count)</c>.</summary>
internal static class TorchStorage
{
    public static PickledStorage Of(ByteSource source, long position, PickledSequence id)
    {
        if (id.Items is not [string and "storage", PickledGlobal type, string key, _, long count, ..])
            throw source.Fail(position, "A persistent id should name a storage, its type and size.");
        var known = type.Module is "torch" or "torch.cuda" or "torch.storage" ? ElementTypes.FromStorage(type.Name) : null;
        if (known is null) throw source.Fail(position, $"Storages of type {type} are not known.");
        if (count < 0) throw source.Fail(position, $"Storage '{Printable.Of(key)}' has {count} numbers.");
        return new PickledStorage(key, known.Value, count);
    }
}
