using System.Buffers.Binary;
using System.Text;

namespace UNetFamily;

/// <summary>Reads a stretch of a <see cref="ByteSource"/> from front to back, a buffer at a time.</summary>
internal sealed class ByteCursor(ByteSource source, long start, long end)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] buffer = new byte[(int)Math.Min(1 << 16, Math.Max(end - start, 16))];
    private int next;
    private int filled;
    private long bufferStart = start;

    public long Position => bufferStart + next;

    public long Left => end - Position;

    public ByteSource Source => source;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    public byte[] Bytes(long count)
    {
        var bytes = new byte[Require(count)];
        source.Read(Position, bytes);
        Skip(count);
        return bytes;
    }

    /// <summary>UTF-8 text; a lone surrogate, which Python allows and UTF-8 does not, is refused.</summary>
    public string Text(long count)
    {
        var at = Position;
        Require(count);
        try
        {
            return count <= buffer.Length ? Utf8.GetString(Take((int)count)) : Utf8.GetString(Bytes(count));
        }
        catch (DecoderFallbackException e)
        {
            throw source.Fail(at, "This text is not valid UTF-8.", e);
        }
    }

    /// <summary>Text up to the end of a line.</summary>
    public string Line(int limit)
    {
        var (text, at) = (new StringBuilder(), Position);
        for (var next = Byte(); next != '\n'; next = Byte())
        {
            if (text.Length == limit || next >= 128) throw source.Fail(at, $"This line should be up to {limit} plain characters.");
            text.Append((char)next);
        }
        return text.ToString();
    }

    public void Skip(long count)
    {
        var position = Position + Require(count, limit: long.MaxValue);
        if (position <= bufferStart + filled) next = (int)(position - bufferStart);
        else (bufferStart, next, filled) = (position, 0, 0);
    }

    private long Require(long count, long limit = int.MaxValue - 64) =>
        count >= 0 && count <= Left && count <= limit ? count : throw source.Fail(Position, $"{(ulong)count} bytes are announced here, and {Left} are left.");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (filled - next < count)
        {
            Require(count);
            bufferStart = Position;
            (next, filled) = (0, (int)Math.Min(buffer.Length, end - bufferStart));
            source.Read(bufferStart, buffer.AsSpan(0, filled));
        }
        next += count;
        return buffer.AsSpan(next - count, count);
    }
}
