using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>
/// The scores of some slices: the Dice coefficient of each class over all their pixels together, and how far outlines are apart, slice by slice. A class that neither side has is left out
/// of means: there was nothing to find.
/// </summary>
/// <param name="classes">The names of the classes, background first.</param>
/// <param name="distances">Whether distances are measured.</param>
internal sealed class SliceScores(IReadOnlyList<string> classes, bool distances = true)
{
    private readonly SegmentationMetrics metrics = new(new MetricOptions
    {
        Classes = [.. classes],
        EmptyClass = EmptyClass.Skip,
        MissingSurface = MissingSurface.ImageDiagonal,
        Distances = distances,
    });

    /// <summary>Scores a slice.</summary>
    /// <param name="z">Its number.</param>
    /// <param name="predicted">The predicted class of each pixel.</param>
    /// <param name="truth">The right one.</param>
    /// <param name="volume">The volume that it is a slice of.</param>
    public SliceScores Add(int z, ReadOnlySpan<byte> predicted, ReadOnlySpan<byte> truth, Volume volume)
    {
        long[] shape = [volume.Size.Y, volume.Size.X];
        var spacing = volume.Geometry.Spacing;
        using var found = tensor(predicted.ToArray(), shape);
        using var right = tensor(truth.ToArray(), shape);
        metrics.Add($"slice {z}", found, right, spacing.Y, spacing.X);
        return this;
    }

    /// <summary>The Dice coefficient of a class, or NaN when neither side has it.</summary>
    public double Dice(int label) => Report.Cases.Where(score => score.Class == classes[label]).Aggregate(default(OverlapCounts), (sum, score) => sum.Add(score.Counts)).Dice(EmptyClass.Skip);

    /// <summary>The 95th percentile of the Hausdorff distance of a class in millimetres, the mean over slices.</summary>
    public double Hausdorff(int label) => Report.PerClass[label - 1].Mean.HausdorffPercentile;

    /// <summary>The mean of the Dice coefficients over the classes, without the background.</summary>
    public double MeanDice => Enumerable.Range(1, classes.Count - 1).Select(Dice).Where(dice => !double.IsNaN(dice)).DefaultIfEmpty(0).Average();

    /// <summary>The mean of the Dice coefficients of one slice over the classes that are in it.</summary>
    public double MeanDiceOf(int z) => Report.Cases.Where(score => score.Case == $"slice {z}").Select(score => score.Counts.Dice(EmptyClass.Skip)).Where(dice => !double.IsNaN(dice)).DefaultIfEmpty(0).Average();

    /// <summary>The mean of the distances over the classes.</summary>
    public double MeanHausdorff => Report.Mean.HausdorffPercentile;

    /// <summary>All scores, of each slice and class.</summary>
    public MetricReport Report => metrics.Report();
}
