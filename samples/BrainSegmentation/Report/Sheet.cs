using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Report;

/// <summary>A sheet of slices: a row for each, with the slice, the truth on it, and the prediction on it. The front of the head is up.</summary>
internal static class Sheet
{
    private const int Gap = 6;
    private const int ColumnWidth = 340;
    private const double Opacity = 0.55;
    private const double OutlineOpacity = 0.95;

    private static readonly Colour Paper = new(24, 24, 28);

    // Kelly's order of contrast, without what would vanish on grey.
    private static readonly Colour[] Palette =
    [
        new(0xff, 0xb3, 0x00), new(0x80, 0x3e, 0xb5), new(0x2e, 0xa0, 0x4a), new(0xe0, 0x3a, 0x3e),
        new(0x3b, 0x8e, 0xea), new(0xf7, 0x76, 0xc0), new(0x17, 0xc3, 0xb2), new(0xb8, 0x86, 0x4b),
    ];

    /// <summary>The colour of a class; the background has none.</summary>
    public static Colour ColourOf(int label) => Palette[(label - 1) % Palette.Length];

    /// <summary>Draws the sheet.</summary>
    /// <param name="subject">The image and the truth.</param>
    /// <param name="predicted">A predicted class for each voxel of the volume.</param>
    /// <param name="slices">The slices to show, from the top down.</param>
    public static Picture Draw(Subject subject, byte[] predicted, IReadOnlyList<int> slices)
    {
        var (size, spacing) = (subject.Size, subject.Image.Geometry.Spacing);
        var scale = ColumnWidth / (size.X * spacing.X);
        // A header may claim any proportions; the picture stays one.
        var height = (int)Math.Clamp(Math.Round(size.Y * spacing.Y * scale), 1, 4 * ColumnWidth);
        var sheet = new Picture(3 * ColumnWidth + 4 * Gap, slices.Count * (height + Gap) + Gap);
        for (var y = 0; y < sheet.Height; y++)
            for (var x = 0; x < sheet.Width; x++) sheet[x, y] = Paper;

        var (black, white) = Window(subject, slices);
        for (var row = 0; row < slices.Count; row++)
        {
            var grey = subject.Image.Values.AsMemory(slices[row] * size.Slice, size.Slice);
            var maps = new[] { Memory<byte>.Empty, subject.Labels.AsMemory(slices[row] * size.Slice, size.Slice), predicted.AsMemory(slices[row] * size.Slice, size.Slice) };
            for (var column = 0; column < maps.Length; column++)
                DrawSlice(sheet, Gap + column * (ColumnWidth + Gap), Gap + row * (height + Gap), height, size, v => (v - black) / (white - black), grey.Span, maps[column].Span);
        }
        return sheet;
    }

    private static void DrawSlice(Picture sheet, int left, int top, int height, VolumeSize size, Func<double, double> window, ReadOnlySpan<float> grey, ReadOnlySpan<byte> labels)
    {
        for (var y = 0; y < height; y++)
            for (var x = 0; x < ColumnWidth; x++)
            {
                // NIfTI counts y from the back of the head to the front.
                var (u, v) = ((x + 0.5) / ColumnWidth * size.X - 0.5, (1 - (y + 0.5) / height) * size.Y - 0.5);
                var shade = (byte)Math.Round(255 * Math.Clamp(window(Interpolate(grey, size, u, v)), 0, 1));
                var colour = new Colour(shade, shade, shade);
                if (labels.Length > 0 && LabelAt(labels, size, u, v) is > 0 and var label)
                    colour = colour.Under(ColourOf(label), IsBorder(labels, size, u, v, label) ? OutlineOpacity : Opacity);
                sheet[left + x, top + y] = colour;
            }
    }

    // A little more than half a pixel of the sheet to each side.
    private static bool IsBorder(ReadOnlySpan<byte> labels, VolumeSize size, double u, double v, byte label)
    {
        const double Reach = 0.7;
        return LabelAt(labels, size, u - Reach, v) != label || LabelAt(labels, size, u + Reach, v) != label
            || LabelAt(labels, size, u, v - Reach) != label || LabelAt(labels, size, u, v + Reach) != label;
    }

    private static byte LabelAt(ReadOnlySpan<byte> labels, VolumeSize size, double u, double v) =>
        labels[Math.Clamp((int)Math.Round(v), 0, size.Y - 1) * size.X + Math.Clamp((int)Math.Round(u), 0, size.X - 1)];

    private static double Interpolate(ReadOnlySpan<float> grey, VolumeSize size, double u, double v)
    {
        (u, v) = (Math.Clamp(u, 0, size.X - 1), Math.Clamp(v, 0, size.Y - 1));
        var (x, y) = ((int)Math.Min(u, size.X - 2), (int)Math.Min(v, size.Y - 2));
        var (a, b) = (u - x, v - y);
        var at = y * size.X + x;
        return (1 - b) * ((1 - a) * grey[at] + a * grey[at + 1]) + b * ((1 - a) * grey[at + size.X] + a * grey[at + size.X + 1]);
    }

    // From the darkest to all but the very brightest voxels of the slices shown.
    private static (double Black, double White) Window(Subject subject, IReadOnlyList<int> slices)
    {
        var shown = slices.SelectMany(z => subject.Image.Values.Skip(z * subject.Size.Slice).Take(subject.Size.Slice)).Order().ToArray();
        var (black, white) = (shown[0], shown[(int)(0.995 * (shown.Length - 1))]);
        return (black, Math.Max(white, black + 1e-6));
    }
}
