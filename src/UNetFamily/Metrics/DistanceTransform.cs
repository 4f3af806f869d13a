namespace UNetFamily;

/// <summary>
/// The exact Euclidean distance transform, axis by axis in time linear in the number of pixels, with a spacing for each axis.
/// Felzenszwalb, Huttenlocher: Distance Transforms of Sampled Functions, 2012.
/// </summary>
public static class DistanceTransform
{
    /// <summary>The distance of every pixel's centre to that of the nearest pixel of a mask.</summary>
    /// <param name="mask">(H, W) or (D, H, W); what is not 0 belongs to it. No axis for the batch.</param>
    /// <param name="spacing">The distance between pixels along each axis, in the tensor's order; 1 when left out.</param>
    /// <returns>Distances of the same shape, float64, on the CPU: 0 in the mask, infinite everywhere when the mask is empty.</returns>
    /// <exception cref="ArgumentException">The mask has another rank, or the spacing doesn't fit.</exception>
    public static Tensor To(Tensor mask, params IReadOnlyList<double> spacing)
    {
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentNullException.ThrowIfNull(spacing);
        if (mask.dim() is not (2 or 3)) throw new ArgumentException($"mask must be (H, W) or (D, H, W); it is ({string.Join(", ", mask.shape)}).", nameof(mask));
        using var scope = NewDisposeScope();
        var sites = mask.ne(0).cpu().contiguous().data<bool>().ToArray();
        var distances = Squared(sites, [.. mask.shape.Select(side => (int)side)], Spacing(spacing.Count == 0 ? null : spacing, (int)mask.dim()));
        for (var i = 0; i < distances.Length; i++) distances[i] = Math.Sqrt(distances[i]);
        return tensor(distances).view(mask.shape).MoveToOuterDisposeScope();
    }

    /// <summary>Checks a spacing; 1 along each axis when it is null.</summary>
    internal static double[] Spacing(IReadOnlyList<double>? spacing, int axes)
    {
        if (spacing is null) return [.. Enumerable.Repeat(1.0, axes)];
        if (spacing.Count != axes) throw new ArgumentException($"spacing has {spacing.Count} values, there are {axes} axes; there must be one for each.", nameof(spacing));
        if (spacing.Any(step => !(step > 0 && double.IsFinite(step)))) throw new ArgumentException($"spacing must be above 0; it is ({Choice.Text(spacing)}).", nameof(spacing));
        return [.. spacing];
    }

    /// <summary>The squared distance of every pixel to the nearest site, in row-major order; infinite when there is no site.</summary>
    internal static double[] Squared(ReadOnlySpan<bool> sites, int[] shape, double[] spacing)
    {
        var squared = new double[sites.Length];
        for (var i = 0; i < sites.Length; i++) squared[i] = sites[i] ? 0 : double.PositiveInfinity;

        var stride = 1;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            var envelope = new Envelope(shape[axis], spacing[axis]);
            for (var block = 0; block < squared.Length; block += stride * shape[axis])
                for (var offset = 0; offset < stride; offset++) envelope.Lower(squared, block + offset, stride);
            stride *= shape[axis];
        }
        return squared;
    }

    /// <summary>Replaces a line of heights by the lower envelope of the parabolas that stand on them.</summary>
    private sealed class Envelope(int length, double step)
    {
        private readonly double[] heights = new double[length];
        private readonly int[] feet = new int[length];          // of the parabolas that are lowest somewhere, from left to right
        private readonly double[] starts = new double[length];  // where each of them begins to be the lowest
        private readonly double square = step * step;

        public void Lower(double[] line, int start, int stride)
        {
            var count = 0;
            for (var x = 0; x < length; x++)
            {
                var height = heights[x] = line[start + x * stride];
                if (double.IsPositiveInfinity(height)) continue;
                var from = double.NegativeInfinity;
                while (count > 0)
                {
                    var foot = feet[count - 1];
                    from = (x + foot + (height - heights[foot]) / (square * (x - foot))) / 2;
                    if (from > starts[count - 1]) break;
                    from = double.NegativeInfinity;
                    count--;
                }
                feet[count] = x;
                starts[count++] = from;
            }
            if (count == 0) return;

            var parabola = 0;
            for (var x = 0; x < length; x++)
            {
                while (parabola + 1 < count && starts[parabola + 1] < x) parabola++;
                double away = x - feet[parabola];
                line[start + x * stride] = heights[feet[parabola]] + square * away * away;
            }
        }
    }
}
