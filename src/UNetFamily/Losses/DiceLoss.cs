namespace UNetFamily;

/// <summary>
/// One minus the soft Dice coefficient 2|A∩B| / (|A| + |B|), averaged over classes and samples. Milletari et al.: V-Net, 2016; parameters as in MONAI's <c>DiceLoss</c>.
/// nnU-Net's soft Dice (minus the coefficient) differs by the constant 1: <c>new DiceLoss { IncludeBackground = false, Batch = true }</c>.
/// </summary>
public record DiceLoss : OverlapLoss
{
    /// <summary>Whether the denominator is made of squares, as in V-Net.</summary>
    /// <value>false.</value>
    public bool SquaredPred { get; init; }

    /// <summary>Whether the coefficient is Jaccard's, |A∩B| / |A∪B|.</summary>
    /// <value>false.</value>
    public bool Jaccard { get; init; }

    /// <inheritdoc/>
    protected internal override Tensor Compute(LossInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var (both, predicted, truth) = SumUp(input, SquaredPred);
        var either = predicted + truth;
        if (Jaccard) either = 2 * (either - both);
        var loss = 1 - (2 * both + SmoothNr) / (either + SmoothDr);
        return (WeightOfClass(input) is { } weights ? loss * weights : loss).mean();
    }
}
