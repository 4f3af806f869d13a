namespace UNetFamily;

/// <summary>
/// How far the surfaces of two masks are apart, from each surface pixel to the nearest of the other mask. The surface are the mask's pixels with a face neighbour outside of it, or at the image's edge
/// (as in MONAI); distances are exact and go from centre to centre. A volume with an axis of one slice is measured as an image.
/// </summary>
public sealed class SurfaceDistances
{
    // Above the rounding of distances in double precision, and of a spacing that a file has in single; far below the difference between two distances on a grid.
    private const double Rounding = 1e-6;

    private readonly double[] fromPredicted, fromTruth;     // sorted

    private SurfaceDistances(double[] fromPredicted, double[] fromTruth)
    {
        (this.fromPredicted, this.fromTruth) = (fromPredicted, fromTruth);
        Array.Sort(fromPredicted);
        Array.Sort(fromTruth);
    }

    /// <summary>From each surface pixel of the prediction to the label's surface, ascending; infinite where there is no label.</summary>
    public IReadOnlyList<double> FromPredicted => fromPredicted;

    /// <summary>From each surface pixel of the label to the prediction's surface, ascending; infinite where nothing is predicted.</summary>
    public IReadOnlyList<double> FromTruth => fromTruth;

    /// <summary>The mean of all distances in both directions (ASSD; MONAI's <c>symmetric=True</c>). Infinite when one mask is empty, NaN when both are.</summary>
    public double Average => fromPredicted.Concat(fromTruth).DefaultIfEmpty(double.NaN).Average();

    /// <summary>Measures two masks.</summary>
    /// <param name="predicted">(H, W) or (D, H, W), no axis for the batch; what is not 0 is predicted.</param>
    /// <param name="truth">The same shape; what is not 0 is labelled.</param>
    /// <param name="spacing">The distance between pixels along each axis, in the tensor's order; 1 when left out.</param>
    /// <exception cref="ArgumentException">Shapes or spacing don't fit.</exception>
    public static SurfaceDistances Between(Tensor predicted, Tensor truth, params IReadOnlyList<double> spacing)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(spacing);
        var (shape, perAxis) = LabelMap.Axes(predicted, truth, spacing);
        using var scope = NewDisposeScope();
        return Between(LabelMap.Values(predicted.ne(0)), LabelMap.Values(truth.ne(0)), 1, shape, perAxis);
    }

    /// <summary>The largest distance in either direction, or a percentile of it, the larger of both directions (MONAI's convention; MedPy takes one percentile of both together).</summary>
    /// <param name="percentile">Above 0 to 100; 100 is the Hausdorff distance, 95 its usual robust form. Between two distances it is interpolated.</param>
    /// <returns>In the unit of the spacing; infinite when one mask is empty, NaN when both are.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The percentile is outside its range.</exception>
    public double Hausdorff(double percentile = 100)
    {
        if (!(percentile is > 0 and <= 100)) throw new ArgumentOutOfRangeException(nameof(percentile), Choice.Text(percentile), "A percentile is above 0 to 100.");
        if (fromPredicted.Length == 0) return Percentile(fromTruth, percentile);
        return fromTruth.Length == 0 ? Percentile(fromPredicted, percentile) : Math.Max(Percentile(fromPredicted, percentile), Percentile(fromTruth, percentile));
    }

    /// <summary>The share of both surfaces that is within a tolerance of the other: normalised surface Dice. Nikolov et al.: Deep learning to segment head and neck anatomy, 2018; on pixels, as in MONAI.</summary>
    /// <param name="tolerance">The distance that still is right, in the unit of the spacing, 0 or more. One of exactly the tolerance is within it, however it was rounded (to one in a million).</param>
    /// <returns>0 to 1; 0 when one mask is empty, NaN when both are.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is negative.</exception>
    public double Dice(double tolerance)
    {
        if (!(tolerance >= 0 && double.IsFinite(tolerance))) throw new ArgumentOutOfRangeException(nameof(tolerance), Choice.Text(tolerance), "A tolerance is 0 or more.");
        var most = tolerance * (1 + Rounding);
        var within = fromPredicted.Count(distance => distance <= most) + fromTruth.Count(distance => distance <= most);
        return within == 0 && fromPredicted.Length + fromTruth.Length == 0 ? double.NaN : (double)within / (fromPredicted.Length + fromTruth.Length);
    }

    /// <summary>The distances for one label of two label maps, in row-major order.</summary>
    internal static SurfaceDistances Between(short[] predicted, short[] truth, short label, int[] shape, double[] spacing)
    {
        // Surfaces lie in the box around both masks, and so do their nearest pixels: nothing outside is needed.
        var (low, size) = Box(predicted, truth, label, shape);
        var (a, b) = (Surface(Crop(predicted)), Surface(Crop(truth)));
        return new SurfaceDistances(Distances(a, b), Distances(b, a));

        bool[] Crop(short[] labels)
        {
            var inside = new bool[size.Aggregate(1, (product, side) => product * side)];
            for (var i = 0; i < inside.Length; i++)
            {
                var (rest, from, stride) = (i, 0, 1);
                for (var axis = shape.Length - 1; axis >= 0; axis--)
                {
                    from += (low[axis] + rest % size[axis]) * stride;
                    rest /= size[axis];
                    stride *= shape[axis];
                }
                inside[i] = labels[from] == label;
            }
            return inside;
        }

        bool[] Surface(bool[] inside)
        {
            var surface = (bool[])inside.Clone();
            for (var i = 0; i < inside.Length; i++) surface[i] = inside[i] && !Surrounded(i);
            return surface;

            bool Surrounded(int i)
            {
                var stride = 1;
                for (var axis = size.Length - 1; axis >= 0; axis--)
                {
                    var at = i / stride % size[axis];
                    if (at == 0 || at == size[axis] - 1 || !inside[i - stride] || !inside[i + stride]) return false;
                    stride *= size[axis];
                }
                return true;
            }
        }

        double[] Distances(bool[] from, bool[] to)
        {
            if (!from.Contains(true)) return [];
            var squared = DistanceTransform.Squared(to, size, spacing);
            return [.. Enumerable.Range(0, from.Length).Where(i => from[i]).Select(i => Math.Sqrt(squared[i]))];
        }
    }

    private static (int[] Low, int[] Size) Box(short[] predicted, short[] truth, short label, int[] shape)
    {
        var (low, high) = ((int[])shape.Clone(), new int[shape.Length]);    // high is one behind the last
        for (var i = 0; i < truth.Length; i++)
        {
            if (predicted[i] != label && truth[i] != label) continue;
            var rest = i;
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                var at = rest % shape[axis];
                rest /= shape[axis];
                if (at < low[axis]) low[axis] = at;
                if (at >= high[axis]) high[axis] = at + 1;
            }
        }
        return (low, [.. high.Zip(low, (end, start) => Math.Max(0, end - start))]);
    }

    private static double Percentile(double[] sorted, double percentile)
    {
        if (sorted.Length == 0) return double.NaN;
        var rank = percentile / 100 * (sorted.Length - 1);
        var (lower, upper) = (sorted[(int)Math.Floor(rank)], sorted[(int)Math.Ceiling(rank)]);
        // Not a difference of infinities, which is no number.
        return lower == upper ? lower : lower + (rank - Math.Floor(rank)) * (upper - lower);
    }
}
