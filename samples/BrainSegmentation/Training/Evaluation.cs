using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>
/// How well the centre slices of the held-out blocks were segmented, beside what a copy of the nearest training slice's labels gives.
/// That baseline looks at no image at all; below it nothing was learnt. A centre is as far from the slice below as from the one above.
/// </summary>
/// <param name="Network">The network's classes.</param>
/// <param name="CopyOfBelow">The labels of the nearest training slice below.</param>
/// <param name="CopyOfAbove">The labels of the nearest training slice above.</param>
internal sealed record Evaluation(SliceScores Network, SliceScores CopyOfBelow, SliceScores CopyOfAbove)
{
    /// <summary>The better of the two copies.</summary>
    public double Baseline => Math.Max(CopyOfBelow.MeanDice, CopyOfAbove.MeanDice);

    /// <summary>Compares with the truth.</summary>
    /// <param name="subject">The truth.</param>
    /// <param name="split">Which slices count.</param>
    /// <param name="predicted">A class for each voxel of the volume.</param>
    public static Evaluation Of(Subject subject, SliceSplit split, byte[] predicted)
    {
        var classes = subject.Scheme.Names;
        var evaluation = new Evaluation(new SliceScores(classes), new SliceScores(classes, distances: false), new SliceScores(classes, distances: false));
        foreach (var z in split.Centres)
        {
            var truth = subject.LabelsOf(z);
            evaluation.Network.Add(z, predicted.AsSpan(z * subject.Size.Slice, subject.Size.Slice), truth, subject.Image);
            evaluation.CopyOfBelow.Add(z, subject.LabelsOf(split.Nearest(z, above: false)), truth, subject.Image);
            evaluation.CopyOfAbove.Add(z, subject.LabelsOf(split.Nearest(z, above: true)), truth, subject.Image);
        }
        return evaluation;
    }
}
