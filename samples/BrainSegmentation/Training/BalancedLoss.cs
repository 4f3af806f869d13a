using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>
/// Cross-entropy plus one minus the soft Dice coefficient: the first moves every pixel from the start, the second is what is reported,
/// and counts a small class as much as a large one.
/// </summary>
internal sealed class BalancedLoss
{
    // Between 0 (every pixel alike) and 1 (every class alike): enough that no rare class is given up early, and no more, since weight swells a class.
    private const double Balance = 0.12;

    private readonly SoftmaxCrossEntropyLoss crossEntropy;

    private readonly DiceLoss dice;

    /// <summary>Weighs the classes by how rare they are in the training slices.</summary>
    /// <param name="subject">The labels.</param>
    /// <param name="split">The training slices.</param>
    /// <param name="ignored">The label of what is not judged.</param>
    public BalancedLoss(Subject subject, SliceSplit split, long? ignored = null)
    {
        var counts = new double[subject.Scheme.Names.Count];
        foreach (var z in split.Training)
            foreach (var label in subject.LabelsOf(z)) counts[label]++;

        var shares = counts.Select(count => Math.Max(count, 1) / counts.Sum()).ToArray();
        var raw = shares.Select(share => Math.Pow(share, -Balance)).ToArray();
        var mean = raw.Zip(shares, (weight, share) => weight * share).Sum();
        crossEntropy = new SoftmaxCrossEntropyLoss { ClassWeights = [.. raw.Select(weight => weight / mean)], IgnoreIndex = ignored };
        // A class that the batch lacks has a coefficient of zero, and no gradient.
        dice = new DiceLoss { IncludeBackground = false, Batch = true, SmoothNr = 0, SmoothDr = 1e-3, IgnoreIndex = ignored };
    }

    /// <summary>The loss of a batch.</summary>
    /// <param name="logits">(N, C, …spatial).</param>
    /// <param name="classes">(N, …spatial).</param>
    public Tensor Of(Tensor logits, Tensor classes)
    {
        using var scope = NewDisposeScope();
        return (crossEntropy.Of(logits, classes) + dice.Of(logits, classes)).MoveToOuterDisposeScope();
    }
}
