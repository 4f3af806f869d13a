namespace UNetFamily;

/// <summary>
/// A loss of logits against labels, in 2D and 3D. A loss is its options: it owns no tensors, can be shared, compared, printed and changed with <c>with</c>. Names follow MONAI.
/// </summary>
public abstract record SegmentationLoss
{
    /// <summary>
    /// Whether each channel is a question of its own (sigmoid, for regions that overlap), instead of one class for each pixel (softmax). One channel alone always gets a sigmoid.
    /// </summary>
    /// <value>false.</value>
    public bool Sigmoid { get; init; }

    /// <summary>The label of pixels that count nowhere, neither in sums nor in means; nnU-Net's ignore label. Targets must be class indices then.</summary>
    /// <value>null: every pixel counts.</value>
    public long? IgnoreIndex { get; init; }

    /// <summary>A factor for each channel of the logits, background included, 0 or more.</summary>
    /// <value>null: every class alike.</value>
    public ValueList<double>? ClassWeights { get; init; }

    /// <summary>The loss of a batch.</summary>
    /// <param name="logits">(N, C, …spatial), images or volumes, without softmax or sigmoid. Half precision is computed in float32.</param>
    /// <param name="target">
    /// Class indices (N, …spatial) or (N, 1, …spatial), whole numbers 0 to C - 1 (0 and 1 when C is 1); or a value from 0 to 1 for each class, (N, C, …spatial), one-hot as a rule.
    /// </param>
    /// <param name="weights">
    /// How much each pixel counts, (N, …spatial) or (N, 1, …spatial), 0 or more: a mask, or the map of <see cref="BoundaryWeights"/>. Sums are weighted, and means divided by the sum of weights.
    /// </param>
    /// <returns>A scalar, in float32 or, for float64 logits, float64; 0 when every pixel is ignored.</returns>
    /// <exception cref="ArgumentException">An option is out of its range, or shapes, types, labels, targets or weights don't fit; the message says what would.</exception>
    public Tensor Of(Tensor logits, Tensor target, Tensor? weights = null)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        Problems().ThrowIfAny(GetType().Name);

        using var scope = NewDisposeScope();
        return Compute(new LossInput(logits, target, weights, this)).MoveToOuterDisposeScope();
    }

    /// <summary>The loss itself, a scalar. Runs in a dispose scope; the result survives it.</summary>
    /// <param name="input">The checked input.</param>
    protected internal abstract Tensor Compute(LossInput input);

    /// <summary>Everything that is wrong with the options, a sentence each.</summary>
    protected internal virtual IEnumerable<string> Problems()
    {
        if (ClassWeights is { } weights && weights.Any(weight => !(weight >= 0 && double.IsFinite(weight))))
            yield return $"ClassWeights must be 0 or more, are {weights}.";
    }
}
