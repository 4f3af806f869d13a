namespace UNetFamily;

/// <summary>
/// Scores segmentations case by case, of images or volumes, in physical units. Of each case only the scores are kept, so there may be any number of them. A volume of one slice scores as the image that it
/// is. Not for several threads at once.
/// </summary>
public sealed class SegmentationMetrics
{
    private readonly List<CaseScore> cases = [];

    /// <summary>Starts without cases.</summary>
    /// <param name="options">What to measure.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public SegmentationMetrics(MetricOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Problems().ThrowIfAny(nameof(MetricOptions), nameof(options));
        Options = options;
    }

    /// <summary>What is measured.</summary>
    public MetricOptions Options { get; }

    /// <summary>Scores a case.</summary>
    /// <param name="name">Its name in the report.</param>
    /// <param name="predicted">The predicted label of each pixel, whole numbers, (H, W) or (D, H, W) without an axis for the batch.</param>
    /// <param name="truth">The right label of each pixel, the same shape.</param>
    /// <param name="spacing">The distance between pixels along each axis, in the tensor's order, in mm as a rule; 1 when left out.</param>
    /// <returns>The scores of the case, for each scored class.</returns>
    /// <exception cref="ArgumentException">Shapes, types, labels or spacing don't fit.</exception>
    public IReadOnlyList<CaseScore> Add(string name, Tensor predicted, Tensor truth, params IReadOnlyList<double> spacing)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(predicted);
        ArgumentNullException.ThrowIfNull(truth);
        ArgumentNullException.ThrowIfNull(spacing);
        var (shape, perAxis) = LabelMap.Axes(predicted, truth, spacing);

        using var scope = NewDisposeScope();
        var ignored = Options.IgnoreIndex is { } label ? truth.eq(label).cpu() : null;
        var right = LabelMap.Values(truth, Options.Classes.Count, ignored, nameof(truth));
        var found = LabelMap.Values(predicted, Options.Classes.Count, ignored, nameof(predicted));

        var counts = Count(found, right);
        var diagonal = Math.Sqrt(shape.Zip(perAxis, (side, step) => side * step * side * step).Sum());
        CaseScore[] scores = [.. Options.Scored.Select((label, index) => new CaseScore(name, Options.Classes[label], counts[label], Score(label, index)))];
        cases.AddRange(scores);
        return scores;

        MetricScores Score(int label, int index)
        {
            var (overlap, empty) = (counts[label], Options.EmptyClass);
            var scores = new MetricScores(overlap.Dice(empty), overlap.IoU(empty), overlap.Precision(empty), overlap.Recall(empty), double.NaN, double.NaN, double.NaN, double.NaN);
            if (!Options.Distances) return scores;

            var surfaces = SurfaceDistances.Between(found, right, (short)label, shape, perAxis);
            return scores with
            {
                Hausdorff = Distance(surfaces.Hausdorff()),
                HausdorffPercentile = Distance(surfaces.Hausdorff(Options.Percentile)),
                AverageSurfaceDistance = Distance(surfaces.Average),
                SurfaceDice = Options.Tolerance is { } tolerance ? Share(surfaces.Dice(tolerance[tolerance.Count == 1 ? 0 : index])) : double.NaN,
            };
        }

        // NaN is a class that is nowhere, infinity one of which only one surface is there.
        double Distance(double distance) => distance switch
        {
            double.NaN when Options.EmptyClass is EmptyClass.Skip => double.NaN,
            double.NaN when Options.EmptyClass is EmptyClass.Perfect => 0,
            double.NaN or double.PositiveInfinity => Options.MissingSurface is MissingSurface.Infinity ? double.PositiveInfinity : diagonal,
            _ => distance,
        };

        double Share(double share) => double.IsNaN(share) ? default(OverlapCounts).Dice(Options.EmptyClass) : share;
    }

    /// <summary>The scores of all cases so far.</summary>
    public MetricReport Report() => new(Options, cases);

    private OverlapCounts[] Count(short[] found, short[] right)
    {
        var counts = new (long Both, long Found, long Right)[Options.Classes.Count];
        for (var i = 0; i < right.Length; i++)
        {
            if (right[i] < 0) continue;
            counts[found[i]].Found++;
            counts[right[i]].Right++;
            if (found[i] == right[i]) counts[right[i]].Both++;
        }
        return [.. counts.Select(count => new OverlapCounts(count.Both, count.Found - count.Both, count.Right - count.Both))];
    }
}
