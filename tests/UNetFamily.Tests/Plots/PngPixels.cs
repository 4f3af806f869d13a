using SkiaSharp;

namespace UNetFamily.Tests.Plots;

/// <summary>The pixels of a picture that was written.</summary>
internal sealed class PngPixels : IDisposable
{
    private readonly SKBitmap bitmap;

    public PngPixels(string path)
    {
        File.ReadAllBytes(path).Should().StartWith((byte[])[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);
        bitmap = SKBitmap.Decode(path);
    }

    public (int Width, int Height) Size => (bitmap.Width, bitmap.Height);

    public SKColor this[double x, double y] => bitmap.GetPixel((int)x, (int)y);

    /// <summary>How many pixels of a part of the picture have another colour than its upper left corner.</summary>
    public int Ink(int left, int top, int right, int bottom) => Count(left, top, right, bottom, colour => colour != this[0, 0]);

    /// <summary>How many pixels of a part of the picture fulfil something.</summary>
    public int Count(int left, int top, int right, int bottom, Func<SKColor, bool> holds)
    {
        var count = 0;
        for (var y = top; y < bottom; y++)
            for (var x = left; x < right; x++) count += holds(bitmap.GetPixel(x, y)) ? 1 : 0;
        return count;
    }

    public void Dispose() => bitmap.Dispose();
}
