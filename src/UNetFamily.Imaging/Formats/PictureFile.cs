using System.Buffers.Binary;
using SkiaSharp;

namespace UNetFamily.Imaging;

/// <summary>
/// Pictures in PNG and BMP, through SkiaSharp: grey ones have a channel, coloured ones three, with transparency one more; a volume of one slice. Values are 0 to 255 as stored, no colour space is converted.
/// Writes label maps as grey pictures. On Linux the application needs the package SkiaSharp.NativeAssets.Linux or SkiaSharp.NativeAssets.Linux.NoDependencies.
/// </summary>
public static class PictureFile
{
    private const int PngDepth = 24;
    private const int BmpHeader = 54, BmpPalette = 4 * 256, BmpDepth = 28;

    private static ReadOnlySpan<byte> PngMagic => [0x89, (byte)'P', (byte)'N', (byte)'G'];

    /// <summary>Reads a picture.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is no such picture; the message begins with its path and says why.</exception>
    /// <exception cref="DllNotFoundException">The application lacks SkiaSharp's native library.</exception>
    public static Volume Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ImageFile.Named(path, () => WithSkia(() => Read(File.ReadAllBytes(path))));
    }

    /// <summary>Writes a label map of one slice as a grey picture of 8 bits. It appears whole or not at all.</summary>
    /// <param name="path">The file, <c>.png</c> or <c>.bmp</c>.</param>
    /// <param name="labels">The label of each pixel, (Y, X) with X fastest, 254 at most.</param>
    /// <param name="size">Pixels along each axis; Z must be 1.</param>
    /// <exception cref="ArgumentException">The labels don't fill the picture, there are several slices, or a label doesn't fit.</exception>
    public static void WriteLabels(string path, ReadOnlySpan<ushort> labels, VolumeSize size) => Write(path, LabelBytes.Of(labels), size);

    internal static void Write(string path, LabelBytes labels, VolumeSize size)
    {
        if (labels.Problem(size) is { } problem) throw new ArgumentException(problem, nameof(labels));
        if (size.Z != 1) throw new ArgumentException($"A picture has one slice, not {size.Z}.", nameof(size));
        if (labels.Type != VoxelType.UInt8) throw new ArgumentException("A label above 254 doesn't fit into a picture of 8 bits. TIFF holds up to 65535.", nameof(labels));
        var content = path.EndsWith(".bmp", StringComparison.OrdinalIgnoreCase) ? Bmp(labels.Bytes, size) : WithSkia(() => Png(labels.Bytes, size));
        NewFile.Write(path, file => file.Write(content));
    }

    private static T WithSkia<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception missing) when (missing is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new DllNotFoundException("Pictures need SkiaSharp's native library. On Linux, add the package SkiaSharp.NativeAssets.Linux.NoDependencies to the application.", missing);
        }
    }

    private static Volume Read(byte[] bytes)
    {
        var isPng = bytes.AsSpan().StartsWith(PngMagic) && bytes.Length > PngDepth;
        if (isPng && bytes[PngDepth] == 16) throw new InvalidDataException("the picture has 16 bits for each value; only 8 are read. Save it as TIFF.");
        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data) ?? throw new InvalidDataException("this is no picture that can be read.");
        if (codec.EncodedFormat is not (SKEncodedImageFormat.Png or SKEncodedImageFormat.Bmp)) throw new InvalidDataException($"only PNG and BMP are read; this is {codec.EncodedFormat}.");
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if ((long)width * height > VoxelReader.MostVoxels / 4) throw new InvalidDataException($"{width} x {height} is more than the {VoxelReader.MostVoxels / 4:N0} pixels that are read.");
        // Without a colour space nothing is converted.
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        if (codec.GetPixels(bitmap.Info, bitmap.GetPixels()) is var result and not SKCodecResult.Success) throw new InvalidDataException($"the picture is damaged, or cut off ({result}).");

        var pixels = bitmap.GetPixelSpan();
        var stride = bitmap.RowBytes;
        // BMP has no grey pictures but palettes of greys.
        var isGrey = codec.Info.ColorType == SKColorType.Gray8 || !isPng && bytes.Length > BmpDepth && bytes[BmpDepth] <= 8 && AllGrey(pixels);
        var channels = new float[isGrey ? 1 : codec.Info.AlphaType == SKAlphaType.Opaque ? 3 : 4][];
        for (var channel = 0; channel < channels.Length; channel++)
        {
            var values = channels[channel] = new float[width * height];
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++) values[y * width + x] = pixels[y * stride + 4 * x + channel];
        }
        return new Volume(channels, new VolumeSize(1, height, width), AffineGeometry.Plain(new VolumeSpacing(1, 1, 1)) with { Rank = 2 });
    }

    private static bool AllGrey(ReadOnlySpan<byte> pixels)
    {
        for (var i = 0; i + 3 < pixels.Length; i += 4)
            if (pixels[i] != pixels[i + 1] || pixels[i] != pixels[i + 2]) return false;
        return true;
    }

    private static byte[] Png(ReadOnlySpan<byte> labels, VolumeSize size)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(size.X, size.Y, SKColorType.Gray8, SKAlphaType.Opaque));
        var pixels = bitmap.GetPixelSpan();
        var stride = bitmap.RowBytes;
        for (var y = 0; y < size.Y; y++) labels.Slice(y * size.X, size.X).CopyTo(pixels[(y * stride)..]);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }

    // Skia writes no BMP. 8 bits with a palette of greys, rows from the bottom up, each filled up to four bytes.
    private static byte[] Bmp(ReadOnlySpan<byte> labels, VolumeSize size)
    {
        var (row, first) = ((size.X + 3) / 4 * 4, BmpHeader + BmpPalette);
        var bytes = new byte[checked(first + row * size.Y)];
        "BM"u8.CopyTo(bytes);
        Put(2, bytes.Length);
        Put(10, first);
        Put(14, BmpHeader - 14);
        Put(18, size.X);
        Put(22, size.Y);
        bytes[26] = 1;
        bytes[28] = 8;
        Put(34, row * size.Y);
        Put(46, 256);
        for (var grey = 0; grey < 256; grey++) bytes.AsSpan(BmpHeader + 4 * grey, 3).Fill((byte)grey);
        for (var y = 0; y < size.Y; y++) labels.Slice(y * size.X, size.X).CopyTo(bytes.AsSpan(first + (size.Y - 1 - y) * row));
        return bytes;

        void Put(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
    }
}
