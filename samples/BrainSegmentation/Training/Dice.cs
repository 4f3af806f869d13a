namespace UNetFamily.Samples.BrainSegmentation.Training;

/// <summary>
/// The Dice coefficient of each class, 2 |A ∩ B| / (|A| + |B|), over all voxels counted so far. A class that neither side has is left out
/// of the mean: there was nothing to find.
/// </summary>
internal sealed class Dice(int classes)
{
    private readonly long[] both = new long[classes];
    private readonly long[] either = new long[classes];

    /// <summary>Counts some voxels.</summary>
    public Dice Add(ReadOnlySpan<byte> predicted, ReadOnlySpan<byte> truth)
    {
        if (predicted.Length != truth.Length) throw new ArgumentException($"{predicted.Length} predictions for {truth.Length} voxels.", nameof(predicted));
        for (var i = 0; i < truth.Length; i++)
        {
            either[predicted[i]]++;
            either[truth[i]]++;
            if (predicted[i] == truth[i]) both[truth[i]]++;
        }
        return this;
    }

    /// <summary>The coefficient of a class, or null when neither side has it.</summary>
    public double? Of(int label) => either[label] == 0 ? null : 2.0 * both[label] / either[label];

    /// <summary>The mean over the classes, without the background.</summary>
    public double Mean => Enumerable.Range(1, classes - 1).Select(Of).OfType<double>().DefaultIfEmpty(0).Average();
}
