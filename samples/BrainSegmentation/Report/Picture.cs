using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace UNetFamily.Samples.BrainSegmentation.Report;

/// <summary>An RGB picture that can be saved as PNG (ISO/IEC 15948), so that a sample needs no imaging package.</summary>
internal sealed class Picture(int width, int height)
{
    private readonly byte[] pixels = new byte[3 * width * height];

    public int Width => width;

    public int Height => height;

    public Colour this[int x, int y]
    {
        get => new(pixels[At(x, y)], pixels[At(x, y) + 1], pixels[At(x, y) + 2]);
        set => (pixels[At(x, y)], pixels[At(x, y) + 1], pixels[At(x, y) + 2]) = value;
    }

    /// <summary>Writes the picture.</summary>
    public void Save(string path)
    {
        using var file = File.Create(path);
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);    // 8 bits a channel, RGB
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "IDAT"u8, Compressed());
        WriteChunk(file, "IEND"u8, []);
    }

    private byte[] Compressed()
    {
        using var memory = new MemoryStream();
        using (var zlib = new ZLibStream(memory, CompressionLevel.Optimal))
        {
            for (var y = 0; y < height; y++)
            {
                zlib.WriteByte(0);          // the row is stored as it is, without a filter
                zlib.Write(pixels, 3 * width * y, 3 * width);
            }
        }
        return memory.ToArray();
    }

    private static void WriteChunk(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        var checksum = new Crc32();
        checksum.Append(type);
        checksum.Append(data);
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, checksum.GetCurrentHashAsUInt32());
        file.Write(number);
    }

    private int At(int x, int y) => 3 * (width * y + x);
}

/// <summary>A colour of 8 bits a channel.</summary>
internal readonly record struct Colour(byte Red, byte Green, byte Blue)
{
    /// <summary>The colour as a web page or a console would write it.</summary>
    public string Hex => $"#{Red:x2}{Green:x2}{Blue:x2}";

    /// <summary>This colour under another one.</summary>
    public Colour Under(Colour other, double opacity)
    {
        return new(Mix(Red, other.Red), Mix(Green, other.Green), Mix(Blue, other.Blue));

        byte Mix(byte below, byte above) => (byte)Math.Round(below + (above - below) * opacity);
    }
}
