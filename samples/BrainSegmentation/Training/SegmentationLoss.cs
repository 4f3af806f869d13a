using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>
/// Cross-entropy plus one minus the soft Dice coefficient: the first moves every pixel from the start, the second is what is reported,
/// and counts a small class as much as a large one.
/// </summary>
internal sealed class SegmentationLoss : IDisposable
{
    // Between 0 (every pixel alike) and 1 (every class alike): enough that no rare class is given up early.
    private const double Balance = 0.25;

    private readonly Tensor weights;

    /// <summary>Weighs the classes by how rare they are in the training slices.</summary>
    public SegmentationLoss(Subject subject, SliceSplit split, Device device)
    {
        var counts = new double[subject.Scheme.Names.Count];
        foreach (var z in split.Training)
            foreach (var label in subject.LabelsOf(z)) counts[label]++;

        var shares = counts.Select(count => Math.Max(count, 1) / counts.Sum()).ToArray();
        var raw = shares.Select(share => Math.Pow(share, -Balance)).ToArray();
        var mean = raw.Zip(shares, (weight, share) => weight * share).Sum();
        weights = tensor(Array.ConvertAll(raw, weight => (float)(weight / mean)), device: device);
    }

    /// <summary>The loss of a batch.</summary>
    /// <param name="logits">(N, C, H, W).</param>
    /// <param name="classes">(N, H, W).</param>
    public Tensor Of(Tensor logits, Tensor classes)
    {
        using var scope = NewDisposeScope();
        var crossEntropy = functional.cross_entropy(logits, classes, weights);
        var probabilities = logits.softmax(1);
        var truth = functional.one_hot(classes, logits.shape[1]).permute(0, 3, 1, 2).to(ScalarType.Float32);

        long[] pixels = [0, 2, 3];
        var both = (probabilities * truth).sum(pixels);
        var either = probabilities.sum(pixels) + truth.sum(pixels);
        // Without the background. A class that the batch lacks has a coefficient of zero, and no gradient.
        var dice = (2 * both / (either + 1e-3f))[1..].mean();
        return (crossEntropy + 1 - dice).MoveToOuterDisposeScope();
    }

    public void Dispose() => weights.Dispose();
}
