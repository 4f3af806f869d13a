using System.Buffers.Binary;

namespace UNetFamily;

/// <summary>
/// Reads what <c>torch.save</c> wrote before PyTorch 1.6: a magic number, a version, a description of the machine, the object and the list of storages,
/// each a pickle of its own; then the storages, each after the count of its numbers.
/// </summary>
internal static class TorchLegacyReader
{
    private const int Magic = 10;                   // bytes of the number that the first pickle holds
    private const long Version = 1001;
    private const int Frame = 9;                    // bytes with which pickles of protocol 4 and 5 say how long they are

    // The number itself, behind the two bytes that announce it.
    private static readonly byte[] Number = [0x8a, Magic, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    /// <summary>Whether a file begins as this format does, in any protocol of pickles that is not text.</summary>
    public static bool IsOne(ReadOnlySpan<byte> start) =>
        start is [0x80, >= 2 and <= 5, .. var rest] && (rest.StartsWith(Number) || rest is [0x95, ..] && rest.Length > Frame && rest[Frame..].StartsWith(Number));

    public static CheckpointContent Read(ByteSource source, string? stateDict)
    {
        var cursor = new ByteCursor(source, 0, source.Length);
        var storages = new Dictionary<string, PickledStorage>();
        var views = new List<(PickledStorage View, PickledStorage Whole, long Offset)>();

        if (Next() is not PickledInteger { Bytes: Magic }) throw source.Fail(0, "It does not begin with PyTorch's number.");
        if (Next() is not Version) throw source.Fail(cursor.Position, $"It is of another version of this format than {Version}.");
        if (Next() is not PickledDict machine || machine["little_endian"] is not true)
            throw source.Fail(cursor.Position, "The numbers have their highest byte first; save the file on a little-endian machine.");
        var value = Next();
        if (Next() is not PickledSequence keys) throw source.Fail(cursor.Position, "The list of storages should end here.");
        Place(keys);
        foreach (var (view, whole, offset) in views) view.Position = whole.Position + offset * (whole.Bits ?? 0) / 8;
        return StateDictFinder.Find(source, CheckpointFormat.TorchLegacy, value, stateDict);

        object? Next() => new Unpickler(cursor, Storage).Read();

        // ("storage", type, key, location, count, part of it or None), or ("module", class, its source code …), of which the class is enough.
        object? Storage(PickledSequence id)
        {
            if (id.Items is ["module", var type, ..]) return type;
            var storage = TorchStorage.Of(source, cursor.Position, id);
            if (!storages.TryGetValue(storage.Key, out var known)) storages.Add(storage.Key, known = storage);
            if (known.Type != storage.Type || known.Count != storage.Count) throw source.Fail(cursor.Position, $"Storage '{Printable.Of(storage.Key)}' has two types or sizes.");
            if (id.Items is not [_, _, _, _, _, PickledSequence part, ..]) return known;

            if (part.Items is not [string, long offset, long count] || offset < 0 || count < 0 || offset > known.Count - count)
                throw source.Fail(cursor.Position, $"A part of storage '{Printable.Of(storage.Key)}' is outside of it.");
            var view = new PickledStorage(storage.Key, known.Type, count, known.Kind, known.Bits);
            views.Add((view, known, offset));
            return view;
        }

        void Place(PickledSequence keys)
        {
            var placed = new HashSet<string>();
            Span<byte> number = stackalloc byte[8];
            foreach (var key in keys.Items)
            {
                if (key is not string name || !storages.TryGetValue(name, out var storage) || !placed.Add(name))
                    throw source.Fail(cursor.Position, "The list of storages names one that the object lacks, or one twice.");
                var at = cursor.Position;
                if (cursor.Int64() is var count && count != storage.Count) throw source.Fail(at, $"Storage '{Printable.Of(name)}' should have {storage.Count} numbers, and has {count}.");
                storage.Position = cursor.Position;
                // What follows begins after this one's numbers, so their size must be known.
                var bytes = (Int128)count * (storage.Bits ?? throw source.Fail(at, $"Storages of type {storage.Kind} are not known.")) / 8;
                if (bytes > cursor.Left) throw source.Fail(cursor.Position, $"Storage '{Printable.Of(name)}' has {bytes} bytes, and {cursor.Left} are left.");
                cursor.Skip((long)bytes);
            }
            if (placed.Count < storages.Count) throw source.Fail(cursor.Position, $"{storages.Count - placed.Count} storages are missing.");
            if (cursor.Left > 0) throw source.Fail(cursor.Position, $"The file goes on for {cursor.Left} bytes after the last storage.");
        }
    }
}
