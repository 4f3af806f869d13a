namespace UNetFamily;

/// <summary>Reads the zip form of <c>torch.save</c>: <c>name/data.pkl</c> says what there is, <c>name/data/0</c>, <c>1</c> … hold the numbers.</summary>
internal static class TorchZipReader
{
    private const string Pickle = "data.pkl";
    private const long LargestPickle = 256 << 20;

    public static CheckpointContent Read(ByteSource source, string? stateDict)
    {
        var entries = ZipDirectory.Read(source).Entries;
        var pickles = entries.Values.Where(entry => entry.Name.EndsWith("/" + Pickle, StringComparison.Ordinal)).Take(2).ToArray();
        if (pickles is not [var pickle]) throw source.Fail(null, $"The zip archive is no checkpoint of PyTorch: it should have one {Pickle}, and has {(pickles.Length == 0 ? "none" : "several")}.");
        if (pickle.Length > LargestPickle) throw source.Fail(pickle.Start, $"{Pickle} has {pickle.Length} bytes; {LargestPickle} is the most.");

        var root = pickle.Name[..^Pickle.Length];
        if (entries.TryGetValue(root + "byteorder", out var order)) RequireLittleEndian(source, order);
        var cursor = new ByteCursor(source, pickle.Start, pickle.Start + pickle.Length);
        var value = new Unpickler(cursor, Storage).Read();
        if (cursor.Left > 0) throw source.Fail(cursor.Position, $"{Pickle} goes on for {cursor.Left} bytes after its end.");
        return StateDictFinder.Find(source, CheckpointFormat.TorchZip, value, stateDict) with { Checksums = [.. entries.Values] };

        object? Storage(PickledSequence id)
        {
            var storage = TorchStorage.Of(source, cursor.Position, id);
            if (!entries.TryGetValue($"{root}data/{storage.Key}", out var data)) throw source.Fail(cursor.Position, $"The archive lacks storage '{Printable.Of(storage.Key)}'.");
            if (storage.Bits is { } bits && (Int128)storage.Count * bits / 8 is var bytes && bytes != data.Length) throw source.Fail(data.Start, $"Storage '{Printable.Of(storage.Key)}' should have {bytes} bytes, and has {data.Length}.");
            storage.Position = data.Start;
            return storage;
        }
    }

    private static void RequireLittleEndian(ByteSource source, ZipEntry entry)
    {
        var text = new byte[Math.Min(entry.Length, 16)];
        source.Read(entry.Start, text);
        if (!text.AsSpan().SequenceEqual("little"u8)) throw source.Fail(entry.Start, "The numbers have their highest byte first; save the file on a little-endian machine.");
    }
}
