namespace UNetFamily;

/// <summary>
/// Cross-entropy in which a pixel counts the less the surer it is right: (1 - p)^γ · -log p. Lin et al.: Focal Loss for Dense Object Detection, 2017; parameters as in MONAI's <c>FocalLoss</c>,
/// but for softmax being the default here (<see cref="SegmentationLoss.Sigmoid"/>). As there, the mean goes over pixels and channels.
/// </summary>
public sealed record FocalLoss : SegmentationLoss
{
    /// <summary>How much sure pixels are held back, 0 or more; 0 leaves the cross-entropy.</summary>
    /// <value>2.</value>
    public double Gamma { get; init; } = 2;

    /// <summary>
    /// The share of the foreground in the balance of both, 0 to 1: with sigmoid of a channel's yes against its no, with softmax of all foreground classes against the background.
    /// </summary>
    /// <value>null: no balance.</value>
    public double? Alpha { get; init; }

    /// <summary>Whether channel 0, the background, counts. One channel alone always counts.</summary>
    /// <value>true.</value>
    public bool IncludeBackground { get; init; } = true;

    /// <inheritdoc/>
    protected internal override Tensor Compute(LossInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var loss = input.Sigmoid ? Binary(input) : Categorical(input);
        if (ClassWeights is { } weights) loss = loss * input.PerChannel(weights);
        return input.Mean(IncludeBackground || input.Channels == 1 ? loss : loss.narrow(1, 1, input.Channels - 1));
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (!(Gamma is >= 0 and < double.PositiveInfinity)) yield return $"Gamma must be 0 or more, is {Gamma}.";
        if (Alpha is { } alpha && !(alpha is >= 0 and <= 1)) yield return $"Alpha must be 0 to 1, is {alpha}.";
    }

    private Tensor Binary(LossInput input)
    {
        var truth = input.Target.to(input.Logits.dtype);
        var (logYes, logNo) = (input.LogProbabilities, (-input.Logits).log_sigmoid());
        // (1 - p)^γ as exp(γ log(1 - p)): the logarithm is at hand, and its gradient is finite where a power's is not.
        var yes = (Gamma * logNo).exp() * logYes * truth;
        var no = (Gamma * logYes).exp() * logNo * (1 - truth);
        return -(Alpha is { } alpha ? alpha * yes + (1 - alpha) * no : yes + no);
    }

    private Tensor Categorical(LossInput input)
    {
        // The bound keeps the gradient of a power below 1 finite at p = 1.
        var doubt = (1 - input.Probabilities).clamp_min(1e-12).pow(Gamma);
        var loss = -doubt * input.LogProbabilities * input.Target;
        return Alpha is { } alpha ? loss * input.PerChannel([1 - alpha, .. Enumerable.Repeat(alpha, (int)input.Channels - 1)]) : loss;
    }
}
