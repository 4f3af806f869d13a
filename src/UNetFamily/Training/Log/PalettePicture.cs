using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace UNetFamily;

/// <summary>A picture of a few colours with lines and small text, saved as PNG (ISO/IEC 15948) with a palette.</summary>
internal sealed class PalettePicture(int width, int height, params (byte Red, byte Green, byte Blue)[] palette)
{
    private readonly byte[] pixels = new byte[width * height];

    /// <summary>The colour of a pixel, by its number in the palette. Writing outside of the picture does nothing.</summary>
    public byte this[int x, int y]
    {
        get => pixels[y * width + x];
        set
        {
            if (x >= 0 && x < width && y >= 0 && y < height) pixels[y * width + x] = value;
        }
    }

    /// <summary>A straight line, ends included; a thick one is three pixels wide around it.</summary>
    public void Line(int x0, int y0, int x1, int y1, byte colour, bool thick = false)
    {
        var (steps, reach) = (Math.Max(Math.Abs(x1 - x0), Math.Abs(y1 - y0)), thick ? 1 : 0);
        for (var i = 0; i <= steps; i++)
        {
            var along = steps == 0 ? 0 : (double)i / steps;
            var (x, y) = ((int)Math.Round(x0 + along * (x1 - x0)), (int)Math.Round(y0 + along * (y1 - y0)));
            for (var dy = -reach; dy <= reach; dy++)
                for (var dx = -reach; dx <= reach; dx++) this[x + dx, y + dy] = colour;
        }
    }

    /// <summary>Text in letters of 5 x 7 pixels.</summary>
    /// <param name="text">The letters that <see cref="SmallFont"/> has.</param>
    /// <param name="x">Where it stands.</param>
    /// <param name="y">Its upper edge.</param>
    /// <param name="anchor">Which part of its width is left of x: 0, 1/2 or 1.</param>
    /// <param name="colour">The colour.</param>
    public void Text(string text, int x, int y, double anchor, byte colour)
    {
        var left = x - (int)Math.Round(anchor * (text.Length * SmallFont.Advance - 1));
        for (var i = 0; i < text.Length; i++)
            for (var row = 0; row < SmallFont.Height; row++)
                for (var column = 0; column < SmallFont.Width; column++)
                    if (SmallFont.IsInk(text[i], column, row)) this[left + i * SmallFont.Advance + column, y + row] = colour;
    }

    /// <summary>Writes the picture to a file, which is whole or not there.</summary>
    public void Save(string path)
    {
        var temporary = $"{path}.tmp";
        using (var file = File.Create(temporary)) Save(file);
        File.Move(temporary, path, overwrite: true);
    }

    public void Save(Stream stream)
    {
        stream.Write([0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n']);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 3);                // 8 bits a pixel, a number in the palette
        Chunk(stream, "IHDR"u8, header);
        Chunk(stream, "PLTE"u8, [.. palette.SelectMany(colour => new[] { colour.Red, colour.Green, colour.Blue })]);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal))
        {
            for (var y = 0; y < height; y++)
            {
                zlib.WriteByte(0);                      // no filter
                zlib.Write(pixels, y * width, width);
            }
        }
        Chunk(stream, "IDAT"u8, packed.ToArray());
        Chunk(stream, "IEND"u8, []);
    }

    private static void Chunk(Stream stream, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        var checksum = new Crc32();
        checksum.Append(name);
        checksum.Append(data);
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        stream.Write(number);
        stream.Write(name);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, checksum.GetCurrentHashAsUInt32());
        stream.Write(number);
    }
}
