namespace UNetFamily;

/// <summary>The pixels of one class by what they are labelled and predicted; every overlap score follows from them.</summary>
/// <param name="TruePositives">Labelled and predicted.</param>
/// <param name="FalsePositives">Predicted only.</param>
/// <param name="FalseNegatives">Labelled only.</param>
public readonly record struct OverlapCounts(long TruePositives, long FalsePositives, long FalseNegatives)
{
    /// <summary>Counts the pixels of two masks.</summary>
    /// <param name="predicted">Any shape; what is not 0 is predicted.</param>
    /// <param name="truth">The same shape; what is not 0 is labelled.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static OverlapCounts Of(Tensor predicted, Tensor truth)
    {
        ArgumentNullException.ThrowIfNull(predicted);
        ArgumentNullException.ThrowIfNull(truth);
        if (!predicted.shape.AsSpan().SequenceEqual(truth.shape))
            throw new ArgumentException($"predicted is ({string.Join(", ", predicted.shape)}) and truth ({string.Join(", ", truth.shape)}); they must have one shape.", nameof(predicted));
        using var scope = NewDisposeScope();
        var (yes, labelled) = (predicted.ne(0), truth.ne(0));
        var both = yes.logical_and(labelled).sum().ToInt64();
        return new OverlapCounts(both, yes.sum().ToInt64() - both, labelled.sum().ToInt64() - both);
    }

    /// <summary>2 TP / (2 TP + FP + FN).</summary>
    /// <param name="empty">What it is when the class is nowhere.</param>
    public double Dice(EmptyClass empty) => Share(2 * TruePositives, 2 * TruePositives + FalsePositives + FalseNegatives, empty);

    /// <summary>TP / (TP + FP + FN), Jaccard's index.</summary>
    /// <inheritdoc cref="Dice"/>
    public double IoU(EmptyClass empty) => Share(TruePositives, TruePositives + FalsePositives + FalseNegatives, empty);

    /// <summary>TP / (TP + FP); 0 when the class is missed altogether, so that missing it is no way out.</summary>
    /// <inheritdoc cref="Dice"/>
    public double Precision(EmptyClass empty) => Share(TruePositives, TruePositives + FalsePositives, empty);

    /// <summary>TP / (TP + FN), sensitivity; 0 when the class is only predicted.</summary>
    /// <inheritdoc cref="Dice"/>
    public double Recall(EmptyClass empty) => Share(TruePositives, TruePositives + FalseNegatives, empty);

    /// <summary>The counts of both together.</summary>
    /// <param name="other">The counts of further pixels.</param>
    public OverlapCounts Add(OverlapCounts other) =>
        new(TruePositives + other.TruePositives, FalsePositives + other.FalsePositives, FalseNegatives + other.FalseNegatives);

    private double Share(long part, long whole, EmptyClass empty)
    {
        if (TruePositives + FalsePositives + FalseNegatives > 0) return whole == 0 ? 0 : (double)part / whole;
        return empty switch
        {
            EmptyClass.Skip => double.NaN,
            EmptyClass.Perfect => 1,
            EmptyClass.Worst => 0,
            _ => throw new ArgumentOutOfRangeException(nameof(empty), empty, "EmptyClass is Skip, Perfect or Worst."),
        };
    }
}
