using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace UNetFamily.Tests.Imaging;

/// <summary>Writes NIfTI-1 files field by field, right ones and wrong ones, without the code under test.</summary>
internal sealed class NiftiFile
{
    private readonly byte[] header = new byte[352];
    private byte[] between = [];
    private byte[] voxels = [];
    private readonly bool bigEndian;

    /// <summary>A header without errors for a volume of uint8.</summary>
    public NiftiFile(int x = 2, int y = 3, int z = 4, bool bigEndian = false)
    {
        this.bigEndian = bigEndian;
        Int32(0, 348);
        Int16(40, 3, (short)x, (short)y, (short)z, 1, 1, 1, 1);
        Int16(70, 2, 8);
        Single(76, 1, 1.5f, 2, 2.5f);
        Single(108, 352, 1, 0);
        Text(344, "n+1\0");
        voxels = new byte[x * y * z];
    }

    public NiftiFile Int16(int at, params short[] values) => Put(at, values, 2, (span, value) => Write(span, value, BinaryPrimitives.WriteInt16BigEndian, BinaryPrimitives.WriteInt16LittleEndian));

    public NiftiFile Int32(int at, params int[] values) => Put(at, values, 4, (span, value) => Write(span, value, BinaryPrimitives.WriteInt32BigEndian, BinaryPrimitives.WriteInt32LittleEndian));

    public NiftiFile Single(int at, params float[] values) => Put(at, values, 4, (span, value) => Write(span, value, BinaryPrimitives.WriteSingleBigEndian, BinaryPrimitives.WriteSingleLittleEndian));

    public NiftiFile Text(int at, string text)
    {
        Encoding.ASCII.GetBytes(text).CopyTo(header, at);
        return this;
    }

    /// <summary>Puts bytes between the header and the voxels and moves <c>vox_offset</c> behind them.</summary>
    public NiftiFile Extension(byte[] bytes)
    {
        between = bytes;
        return Single(108, 352 + bytes.Length);
    }

    /// <summary>Sets the voxels, each as the bytes of one number, least significant first.</summary>
    public NiftiFile Voxels(short type, int width, byte[] littleEndian)
    {
        voxels = bigEndian ? [.. littleEndian.Chunk(width).SelectMany(one => one.Reverse())] : littleEndian;
        return Int16(70, type, (short)(8 * width));
    }

    public NiftiFile Voxels(byte[] bytes)
    {
        voxels = bytes;
        return this;
    }

    public byte[] ToBytes() => [.. header, .. between, .. voxels];

    public static byte[] Zip(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.SmallestSize)) gzip.Write(bytes);
        return memory.ToArray();
    }

    private NiftiFile Put<T>(int at, T[] values, int width, SpanAction<T> write)
    {
        for (var i = 0; i < values.Length; i++) write(header.AsSpan(at + width * i), values[i]);
        return this;
    }

    private void Write<T>(Span<byte> span, T value, SpanAction<T> big, SpanAction<T> little) => (bigEndian ? big : little)(span, value);

    private delegate void SpanAction<T>(Span<byte> span, T value);
}
