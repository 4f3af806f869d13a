namespace UNetFamily;

/// <summary>
/// The memory that a training step or a prediction needs at its peak, predicted from shapes.
/// <code>(weights + buffers + gradients + optimizer + batch * (data + activations + working)) * (1 + margin)</code>
/// </summary>
public sealed record MemoryEstimate
{
    /// <summary>Bytes that don't depend on the batch: weights and buffers; in training also gradients, what the optimizer remembers, and float32 weights and gradients beside those of a smaller type.</summary>
    public required long ModelBytes { get; init; }

    /// <summary>Bytes of one sample's input and, in training, its labels (8 bytes for each position).</summary>
    public required long DataBytes { get; init; }

    /// <summary>
    /// Bytes of one sample's activations: <see cref="ModelSummary.TrainingActivationBytes"/>, or <see cref="ModelSummary.InferencePeakBytes"/>, in the type asked for.
    /// </summary>
    public required long ActivationBytes { get; init; }

    /// <summary>
    /// Bytes for one sample that are needed for a moment. In training, four times the input and output of the largest layer (their gradients, and the convolution's copies of them) and three times
    /// the logits (the loss); in inference, three times the largest layer (measured on libtorch 2.10, CPU).
    /// </summary>
    public required long WorkingBytes { get; init; }

    /// <summary>The part of the sum that is added for workspace.</summary>
    public required double Margin { get; init; }

    /// <summary>The sum for a batch, margin included.</summary>
    /// <param name="batch">The number of samples.</param>
    public long Total(long batch) => (long)Sum(batch);

    /// <summary>The largest batch whose sum is within some memory; 0 when there is none.</summary>
    internal long LargestBatch(long memory)
    {
        // By halving: counting up would take for ever where a sum is so large that one more sample doesn't change it.
        var (fits, above) = (0L, long.MaxValue);
        while (above - fits > 1)
        {
            var middle = fits + (above - fits) / 2;
            if (Sum(middle) <= memory) fits = middle;
            else above = middle;
        }
        return fits;
    }

    private double Sum(long batch) => Math.Ceiling((ModelBytes + (double)batch * (DataBytes + ActivationBytes + WorkingBytes)) * (1 + Margin));
}
