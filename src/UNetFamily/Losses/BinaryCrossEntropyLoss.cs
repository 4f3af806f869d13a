namespace UNetFamily;

/// <summary>The cross-entropy of a yes or no in each channel, from logits, as PyTorch's <c>BCEWithLogitsLoss</c>: the mean over pixels and channels, class weights as factors.</summary>
public sealed record BinaryCrossEntropyLoss : SegmentationLoss
{
    /// <summary>A factor of the yes in each channel, above 1 for better recall; PyTorch's <c>pos_weight</c>.</summary>
    /// <value>null: 1.</value>
    public ValueList<double>? PosWeight { get; init; }

    /// <inheritdoc/>
    protected internal override Tensor Compute(LossInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (PosWeight is { } count && count.Count != input.Channels)
            throw new ArgumentException($"PosWeight has {count.Count} values, logits have {input.Channels} channels; there must be one for each.");

        var truth = input.Target.to(input.Logits.dtype);
        var yes = truth * input.Logits.log_sigmoid();
        if (PosWeight is { } positive) yes = yes * input.PerChannel(positive);
        var loss = -(yes + (1 - truth) * (-input.Logits).log_sigmoid());
        return input.Mean(ClassWeights is { } weights ? loss * input.PerChannel(weights) : loss);
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (PosWeight is { } weights && weights.Any(weight => !(weight >= 0 && double.IsFinite(weight)))) yield return $"PosWeight must be 0 or more, is {weights}.";
    }
}
