using SkiaSharp;

namespace UNetFamily;

/// <summary>Writes pictures.</summary>
internal static class PngFile
{
    /// <summary>Draws a picture and writes it to a file, which is whole or not there.</summary>
    /// <param name="path">The file; one of that name is replaced.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="draw">Draws it.</param>
    public static void Save(string path, int width, int height, Action<SKCanvas> draw)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque)) ?? throw new InvalidOperationException($"A picture of {width} x {height} pixels can't be drawn.");
        draw(surface.Canvas);
        using var pixels = surface.PeekPixels();
        using var png = pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, zLibLevel: 9)) ?? throw new IOException($"'{path}' can't be written: the picture of {width} x {height} pixels can't be encoded.");
        WholeFile.Write(path, png.SaveTo);
    }
}
