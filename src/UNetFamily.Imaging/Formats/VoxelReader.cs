using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace UNetFamily.Imaging;

/// <summary>Takes voxels out of a stream, whatever their kind and the order of their bytes.</summary>
internal static class VoxelReader
{
    /// <summary>The most voxels of a channel that are read.</summary>
    public const long MostVoxels = 1L << 30;

    private const int MostTrailing = 16 << 20;
    private const int Chunk = 1 << 16;

    /// <summary>Reads the next voxels, scaled in double precision.</summary>
    /// <param name="stream">Stands at the first of them.</param>
    /// <param name="count">How many there are. The caller knows that the stream may be that long.</param>
    /// <param name="type">Their kind.</param>
    /// <param name="bigEndian">Whether the most significant byte comes first.</param>
    /// <param name="slope">The factor.</param>
    /// <param name="intercept">The summand.</param>
    public static float[] Read(Stream stream, int count, VoxelType type, bool bigEndian, double slope = 1, double intercept = 0)
    {
        var values = new float[count];
        var (buffer, numbers) = (new byte[Chunk * type.Bytes], new double[Chunk]);
        for (var done = 0; done < count; done += Chunk)
        {
            var target = values.AsSpan(done, Math.Min(Chunk, count - done));
            var bytes = buffer.AsSpan(0, target.Length * type.Bytes);
            Fill(stream, bytes);
            if (bigEndian == BitConverter.IsLittleEndian) Swap(bytes, type.Bytes);
            type.ToDouble(bytes, numbers);
            for (var i = 0; i < target.Length; i++) target[i] = (float)(numbers[i] * slope + intercept);
        }
        return values;
    }

    /// <summary>Fills a span from a stream.</summary>
    /// <exception cref="InvalidDataException">The stream ends before.</exception>
    public static void Fill(Stream stream, Span<byte> bytes)
    {
        while (bytes.Length > 0) bytes = Some(stream, bytes) is var count and > 0 ? bytes[count..] : throw new InvalidDataException("the file is truncated.");
    }

    /// <summary>Passes over bytes.</summary>
    public static void Skip(Stream stream, long count)
    {
        var rest = new byte[Math.Min(count, Chunk)];
        for (; count > 0; count -= rest.Length) Fill(stream, rest.AsSpan(0, (int)Math.Min(count, rest.Length)));
    }

    /// <summary>Reads to the end, which also makes gzip verify its checksum. Some writers leave a few bytes there; many are a sign that the header is wrong.</summary>
    /// <exception cref="InvalidDataException">There are many.</exception>
    public static void RequireEnd(Stream stream, string whatEnds)
    {
        var (rest, trailing) = (new byte[Chunk], 0L);
        while (Some(stream, rest) is var count and > 0)
            if ((trailing += count) > MostTrailing) throw new InvalidDataException($"the file goes on after its last voxel for more than {MostTrailing:N0} bytes: {whatEnds}.");
    }

    // .NET's messages speak of archive entries and compression methods.
    private static int Some(Stream stream, Span<byte> bytes)
    {
        try
        {
            return stream.Read(bytes);
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidDataException("the compressed data are damaged, or cut off.", damage);
        }
    }

    private static void Swap(Span<byte> bytes, int width)
    {
        if (width == 2) Swap16(MemoryMarshal.Cast<byte, ushort>(bytes));
        if (width == 4) Swap32(MemoryMarshal.Cast<byte, uint>(bytes));
        if (width == 8) Swap64(MemoryMarshal.Cast<byte, ulong>(bytes));

        static void Swap16(Span<ushort> words) => BinaryPrimitives.ReverseEndianness(words, words);
        static void Swap32(Span<uint> words) => BinaryPrimitives.ReverseEndianness(words, words);
        static void Swap64(Span<ulong> words) => BinaryPrimitives.ReverseEndianness(words, words);
    }
}
