using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>
/// The part of a slice that the network sees, as square pixels of one size: the box around all labels of the training slices, with a margin.
/// Convolutions cost by the pixel, so neither the air around a head nor more resolution than the classes need is paid for.
/// </summary>
internal sealed class FieldOfView
{
    private const int LongSide = 96;
    private const int Multiple = 16;
    private const double Margin = 1.06;

    private readonly Axis x, y;

    /// <summary>Finds the box.</summary>
    public FieldOfView(Subject subject, SliceSplit split)
    {
        var (size, spacing) = (subject.Size, subject.Image.Geometry.Spacing);
        var (left, right, front, back) = (size.X, 0, size.Y, 0);
        foreach (var z in split.Training)
        {
            var labels = subject.LabelsOf(z);
            for (var at = 0; at < labels.Length; at++)
            {
                if (labels[at] == 0) continue;
                (left, right) = (Math.Min(left, at % size.X), Math.Max(right, at % size.X));
                (front, back) = (Math.Min(front, at / size.X), Math.Max(back, at / size.X));
            }
        }

        var (wide, high) = (Margin * (right + 1 - left) * spacing.X, Margin * (back + 1 - front) * spacing.Y);
        var pixel = Pixel = Math.Max(wide, high) / LongSide;
        (Width, Height) = (Pixels(wide), Pixels(high));
        x = new Axis(size.X, spacing.X, (left + right) / 2.0, (Width - 1) / 2.0 * pixel);
        y = new Axis(size.Y, spacing.Y, (front + back) / 2.0, (Height - 1) / 2.0 * pixel);

        int Pixels(double length) => Multiple * Math.Max(1, (int)Math.Ceiling(length / pixel / Multiple - 1e-6));
    }

    /// <summary>The side of a pixel in millimetres.</summary>
    public double Pixel { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>The 2 x 3 matrix for <c>affine_grid</c> that fetches the field from a slice, moved and bent by a warp.</summary>
    public float[] FromSlice(Warp warp)
    {
        var (cos, sin) = (Math.Cos(warp.Angle), Math.Sin(warp.Angle));
        var (across, along) = (warp.Mirrored ? -warp.Across : warp.Across, warp.Along);
        return
        [
            (float)(cos * across * x.HalfField / x.HalfSlice), (float)(-sin * along * y.HalfField / x.HalfSlice), (float)(x.Position + warp.ShiftX / x.HalfSlice),
            (float)(sin * across * x.HalfField / y.HalfSlice), (float)(cos * along * y.HalfField / y.HalfSlice), (float)(y.Position + warp.ShiftY / y.HalfSlice),
        ];
    }

    /// <summary>The 2 x 3 matrix that puts the field back into a slice.</summary>
    public float[] ToSlice() =>
    [
        (float)(x.HalfSlice / x.HalfField), 0, (float)(-x.Position * x.HalfSlice / x.HalfField),
        0, (float)(y.HalfSlice / y.HalfField), (float)(-y.Position * y.HalfSlice / y.HalfField),
    ];

    /// <summary>A length in millimetres, as <c>grid_sample</c> counts: from -1 to 1 across the slice.</summary>
    public (double X, double Y) Millimetre => (1 / x.HalfSlice, 1 / y.HalfSlice);

    // grid_sample puts -1 and 1 at the centres of the outermost pixels.
    private sealed record Axis(int Voxels, double Spacing, double Centre, double HalfField)
    {
        public double HalfSlice => (Voxels - 1) / 2.0 * Spacing;

        public double Position => Centre / ((Voxels - 1) / 2.0) - 1;
    }
}

/// <summary>How a slice is moved before it is cut out: angle in radians, factors across and along, shifts in millimetres.</summary>
internal readonly record struct Warp(double Angle, double Across, double Along, bool Mirrored, double ShiftX, double ShiftY)
{
    public static Warp None { get; } = new(0, 1, 1, Mirrored: false, 0, 0);
}
