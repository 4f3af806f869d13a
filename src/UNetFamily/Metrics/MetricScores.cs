namespace UNetFamily;

/// <summary>The scores of one class in one case, or a mean of such. What was not measured, and what a rule leaves out, is NaN.</summary>
/// <param name="Dice">2 TP / (2 TP + FP + FN).</param>
/// <param name="IoU">TP / (TP + FP + FN).</param>
/// <param name="Precision">TP / (TP + FP).</param>
/// <param name="Recall">TP / (TP + FN).</param>
/// <param name="Hausdorff">The Hausdorff distance, in the unit of the spacing.</param>
/// <param name="HausdorffPercentile">Its percentile, the 95th as a rule.</param>
/// <param name="AverageSurfaceDistance">The mean distance between the surfaces, in both directions.</param>
/// <param name="SurfaceDice">The share of both surfaces within the tolerance.</param>
public readonly record struct MetricScores(
    double Dice, double IoU, double Precision, double Recall, double Hausdorff, double HausdorffPercentile, double AverageSurfaceDistance, double SurfaceDice)
{
    /// <summary>The means of each score, without NaN; NaN where nothing is left.</summary>
    internal static MetricScores Mean(IReadOnlyCollection<MetricScores> scores)
    {
        return new MetricScores(Of(s => s.Dice), Of(s => s.IoU), Of(s => s.Precision), Of(s => s.Recall),
            Of(s => s.Hausdorff), Of(s => s.HausdorffPercentile), Of(s => s.AverageSurfaceDistance), Of(s => s.SurfaceDice));

        double Of(Func<MetricScores, double> score) => scores.Select(score).Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Average();
    }

    /// <summary>The scores that were asked for, with the names that files give them.</summary>
    internal IEnumerable<(string Name, double Value)> Named(MetricOptions options)
    {
        yield return ("dice", Dice);
        yield return ("iou", IoU);
        yield return ("precision", Precision);
        yield return ("recall", Recall);
        if (!options.Distances) yield break;
        yield return ("hausdorff", Hausdorff);
        yield return (FormattableString.Invariant($"hausdorff_{options.Percentile}"), HausdorffPercentile);
        yield return ("average_surface_distance", AverageSurfaceDistance);
        if (options.Tolerance is not null) yield return ("surface_dice", SurfaceDice);
    }
}
