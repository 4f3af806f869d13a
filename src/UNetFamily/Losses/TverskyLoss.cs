namespace UNetFamily;

/// <summary>
/// One minus Tversky's index TP / (TP + α·FP + β·FN), which lets misses cost more than false alarms. Salehi et al.: Tversky loss, 2017; parameters as in MONAI's <c>TverskyLoss</c>.
/// α = β = 0.5 is Dice, α = β = 1 is Jaccard.
/// </summary>
public sealed record TverskyLoss : OverlapLoss
{
    /// <summary>The cost of false positives, 0 or more.</summary>
    /// <value>0.5.</value>
    public double Alpha { get; init; } = 0.5;

    /// <summary>The cost of false negatives, 0 or more.</summary>
    /// <value>0.5.</value>
    public double Beta { get; init; } = 0.5;

    /// <inheritdoc/>
    protected internal override Tensor Compute(LossInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var (both, predicted, truth) = SumUp(input);
        var loss = 1 - (both + SmoothNr) / (both + Alpha * (predicted - both) + Beta * (truth - both) + SmoothDr);
        return (WeightOfClass(input) is { } weights ? loss * weights : loss).mean();
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (!(Alpha is >= 0 and < double.PositiveInfinity)) yield return $"Alpha must be 0 or more, is {Alpha}.";
        if (!(Beta is >= 0 and < double.PositiveInfinity)) yield return $"Beta must be 0 or more, is {Beta}.";
    }
}
