using SkiaSharp;

namespace UNetFamily;

/// <summary>Draws one view: the image in grey, the classes over it, their outlines stronger than what is inside.</summary>
internal static class SliceDrawing
{
    /// <summary>The colour of what differs from the truth.</summary>
    public static readonly SKColor Differs = SKColors.White;

    private const byte Inside = 105, Outline = 242;
    // Behind differences the image steps back.
    private const float Dimmed = 0.5f;
    // A little more than half a pixel of the sheet to each side.
    private const double Reach = 0.7;

    public static void Draw(SKCanvas canvas, SliceView view, GreyWindow window, SKRectI place)
    {
        var shades = new byte[view.Image.Length];
        var dim = view.Truth.Length > 0 ? Dimmed : 1;
        for (var i = 0; i < shades.Length; i++) shades[i] = (byte)(dim * window.Of(view.Image.Span[i]));
        using var grey = SKImage.FromPixelCopy(new SKImageInfo(view.Width, view.Height, SKColorType.Gray8, SKAlphaType.Opaque), shades);
        canvas.DrawImage(grey, place, new SKSamplingOptions(SKCubicResampler.Mitchell));
        if (view.Labels.Length == 0) return;

        using var overlay = new SKBitmap(place.Width, place.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        overlay.Pixels = Colours(view, place.Width, place.Height);
        canvas.DrawBitmap(overlay, place.Left, place.Top, SKSamplingOptions.Default);
    }

    private static SKColor[] Colours(SliceView view, int width, int height)
    {
        var colours = new SKColor[width * height];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var (u, v) = ((x + 0.5) / width * view.Width - 0.5, (y + 0.5) / height * view.Height - 0.5);
                var label = At(view, view.Labels.Span, u, v);
                colours[y * width + x] = view.Truth.Length > 0 ? label == At(view, view.Truth.Span, u, v) ? SKColors.Transparent : Differs
                    : label == 0 ? SKColors.Transparent
                    : ClassColours.Of(label).WithAlpha(IsOutline(view, u, v, label) ? Outline : Inside);
            }
        return colours;
    }

    private static bool IsOutline(SliceView view, double u, double v, byte label)
    {
        var labels = view.Labels.Span;
        return At(view, labels, u - Reach, v) != label || At(view, labels, u + Reach, v) != label || At(view, labels, u, v - Reach) != label || At(view, labels, u, v + Reach) != label;
    }

    private static byte At(SliceView view, ReadOnlySpan<byte> labels, double u, double v) =>
        labels[Math.Clamp((int)Math.Round(v), 0, view.Height - 1) * view.Width + Math.Clamp((int)Math.Round(u), 0, view.Width - 1)];
}
