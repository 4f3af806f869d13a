using System.Text;

namespace UNetFamily;

/// <summary>A file in a zip archive: where its bytes are.</summary>
internal sealed record ZipEntry(string Name, long Header, long Start, long Length, uint Checksum);

/// <summary>
/// The directory of a zip archive as <c>torch.save</c> writes it: entries are stored as they are, one after the other, and nothing stands before or
/// behind. Compressed and encrypted entries, which PyTorch doesn't write, are refused, so no file is larger than it looks. Names are only compared.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50, CentralSignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const int EndSize = 22, End64Size = 56, LocatorSize = 20, CentralSize = 46, LocalSize = 30;
    private const ushort Encrypted = 1 | 1 << 5 | 1 << 6 | 1 << 13;
    private const ushort SizesFollow = 1 << 3;
    private const ushort Is64 = ushort.MaxValue;
    private const uint Is64Large = uint.MaxValue;
    private const int LongestName = 1024;
    private const long MostEntries = 100_000;

    private readonly ByteSource source;
    private readonly Dictionary<string, ZipEntry> entries = [];

    private ZipDirectory(ByteSource source) => this.source = source;

    /// <summary>The entries by name, in the archive's order.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Entries => entries;

    public static ZipDirectory Read(ByteSource source)
    {
        var directory = new ZipDirectory(source);
        directory.Read();
        return directory;
    }

    private void Read()
    {
        var (count, size, start) = FindCentral(out var end);
        if (size < 0 || start < 0 || start > end || size != end - start)
            throw source.Fail(end, $"The zip directory should be the {size} bytes from byte {start} on, and ends here.");
        if (count > MostEntries) throw source.Fail(end, $"The zip archive has {count} entries; {MostEntries} is the most.");
        if (count < 0 || count > size / CentralSize) throw source.Fail(end, $"The zip directory has {size} bytes, too few for {count} entries.");

        // Other programs compress and encrypt, so what an archive is comes before what is wrong with it.
        if (ForeignFile.Archive(Names(new ByteCursor(source, start, end), count)) is { } foreign) throw source.Fail(null, foreign);
        var cursor = new ByteCursor(source, start, end);
        for (var i = 0L; i < count; i++)
        {
            var at = cursor.Position;
            var entry = ReadEntry(cursor, limit: start);
            if (!entries.TryAdd(entry.Name, entry)) throw source.Fail(at, $"The zip archive has '{Printable.Of(entry.Name)}' twice.");
        }
        if (cursor.Left > 0) throw source.Fail(cursor.Position, $"The zip directory has {cursor.Left} bytes after its last entry.");
        RequireApart();
    }

    private List<string> Names(ByteCursor cursor, long count)
    {
        var names = new List<string>();
        for (var i = 0L; i < count; i++)
        {
            var at = cursor.Position;
            if (cursor.UInt32() != CentralSignature) throw source.Fail(at, "An entry of the zip directory should be here.");
            cursor.Skip(24);
            var (name, extra, comment) = (cursor.UInt16(), cursor.UInt16(), cursor.UInt16());
            cursor.Skip(12);
            if (name <= LongestName) names.Add(Latin1(cursor, name));
            else cursor.Skip(name);
            cursor.Skip(extra + comment);
        }
        return names;
    }

    private (long Count, long Size, long Start) FindCentral(out long end)
    {
        var at = source.Length - EndSize;
        var last = new ByteCursor(source, Math.Max(at, 0), source.Length);
        if (at < 0 || last.UInt32() != EndSignature) throw source.Fail(Math.Max(at, 0), "The zip archive is cut off, or something follows it: it should end with its directory's end.");
        var (disk, firstDisk, here, count, size, start, comment) = (last.UInt16(), last.UInt16(), last.UInt16(), last.UInt16(), last.UInt32(), last.UInt32(), last.UInt16());
        if ((disk, firstDisk) is not ((0, 0) or (Is64, Is64)) || here != count || comment != 0) throw source.Fail(at, "The zip archive is split over several files, or has a comment.");

        end = at;
        if (at >= LocatorSize && new ByteCursor(source, at - LocatorSize, at) is var locator && locator.UInt32() == Locator64Signature)
        {
            locator.Skip(4);
            var (at64, position64) = (at - LocatorSize - End64Size, locator.Int64());
            if (at64 != position64) throw source.Fail(at - LocatorSize, $"The 64-bit end of the zip directory should be at byte {at64}, and is said to be at {position64}.");
            var last64 = new ByteCursor(source, at64, at);
            if (at64 < 0 || last64.UInt32() != End64Signature || last64.Int64() != End64Size - 12) throw source.Fail(at64, "The 64-bit end of the zip directory should be here.");
            last64.Skip(12);
            var (here64, count64, size64, start64) = (last64.Int64(), last64.Int64(), last64.Int64(), last64.Int64());
            if (here64 != count64 || !Agrees(count, Is64, count64) || !Agrees(size, Is64Large, size64) || !Agrees(start, Is64Large, start64))
                throw source.Fail(at64, "The two ends of the zip directory contradict each other.");
            end = at64;
            return (count64, size64, start64);
        }
        return (count, size, start);

        static bool Agrees(uint small, uint escape, long large) => small == escape || small == large;
    }

    private ZipEntry ReadEntry(ByteCursor cursor, long limit)
    {
        var at = cursor.Position;
        if (cursor.UInt32() != CentralSignature) throw source.Fail(at, "An entry of the zip directory should be here.");
        cursor.Skip(4);
        var (flags, method) = (cursor.UInt16(), cursor.UInt16());
        cursor.Skip(4);
        var checksum = cursor.UInt32();
        long packed = cursor.UInt32(), length = cursor.UInt32();
        var (nameLength, extraLength, commentLength, disk) = (cursor.UInt16(), cursor.UInt16(), cursor.UInt16(), cursor.UInt16());
        cursor.Skip(6);
        long header = cursor.UInt32();
        if (nameLength > LongestName) throw source.Fail(at, $"An entry's name has {nameLength} bytes; {LongestName} is the most.");
        var name = Latin1(cursor, nameLength);
        ReadExtra(cursor, extraLength, ref length, ref packed, ref header);
        cursor.Skip(commentLength);

        var shown = Printable.Of(name);
        if ((flags & Encrypted) != 0) throw source.Fail(at, $"'{shown}' is encrypted; torch.save never does that.");
        if (method != 0 || packed != length) throw source.Fail(at, $"'{shown}' is compressed (method {method}); torch.save only stores.");
        if (disk is not (0 or Is64) || length < 0 || header < 0 || header > limit - LocalSize) throw source.Fail(at, $"'{shown}' is said to be outside the archive.");

        var start = RequireLocalHeader(name, shown, flags, length, header);
        if (length > limit - start) throw source.Fail(at, $"'{shown}' should have {length} bytes, and {limit - start} are there.");
        return new ZipEntry(name, header, start, length, checksum);
    }

    /// <summary>An entry is described a second time where its data begins; a file in which the two differ was made to be read differently by different readers.</summary>
    /// <returns>The first byte of the data.</returns>
    private long RequireLocalHeader(string name, string shown, ushort flags, long length, long header)
    {
        var local = new ByteCursor(source, header, Math.Min(source.Length, header + LocalSize + name.Length));
        if (local.UInt32() != LocalSignature) throw source.Fail(header, $"'{shown}' should begin here.");
        local.Skip(2);
        var (localFlags, method) = (local.UInt16(), local.UInt16());
        local.Skip(8);
        var (packed, unpacked, nameLength, extraLength) = (local.UInt32(), local.UInt32(), local.UInt16(), local.UInt16());
        if (localFlags != flags || method != 0 || nameLength != name.Length || Latin1(local, nameLength) != name || !Agrees(packed) || !Agrees(unpacked))
            throw source.Fail(header, $"'{shown}' has another name, size or method here than in the zip directory.");
        return header + LocalSize + nameLength + extraLength;

        bool Agrees(uint size) => size == length || size == Is64Large || (size == 0 && (flags & SizesFollow) != 0);
    }

    // Names are only compared, so their encoding doesn't matter.
    private static string Latin1(ByteCursor cursor, int length) => Encoding.Latin1.GetString(cursor.Bytes(length));

    /// <summary>The 64-bit forms of those numbers that don't fit in 32 bits.</summary>
    private void ReadExtra(ByteCursor cursor, int length, ref long size, ref long packed, ref long header)
    {
        while (length >= 4)
        {
            var (id, fieldLength) = (cursor.UInt16(), cursor.UInt16());
            length -= 4 + fieldLength;
            if (length < 0) throw source.Fail(cursor.Position, "An extra field of the zip directory is longer than the room for it.");
            var end = cursor.Position + fieldLength;
            if (id == 1)
            {
                Widen(ref size);
                Widen(ref packed);
                Widen(ref header);
            }
            cursor.Skip(end - cursor.Position);

            void Widen(ref long number)
            {
                if (number != Is64Large) return;
                if (end - cursor.Position < 8) throw source.Fail(cursor.Position, "A 64-bit size of the zip directory is missing.");
                number = cursor.Int64();
            }
        }
        cursor.Skip(length);
    }

    private void RequireApart()
    {
        ZipEntry? before = null;
        foreach (var entry in entries.Values.OrderBy(entry => entry.Header))
        {
            if (before is not null && before.Start + before.Length > entry.Header)
                throw source.Fail(entry.Header, $"'{Printable.Of(entry.Name)}' begins inside '{Printable.Of(before.Name)}'.");
            before = entry;
        }
    }
}
