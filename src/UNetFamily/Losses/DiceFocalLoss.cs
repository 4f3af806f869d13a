namespace UNetFamily;

/// <summary>Dice plus focal loss, for classes that are rare and hard; parameters as in MONAI's <c>DiceFocalLoss</c>. Without the background, both parts leave it out.</summary>
public sealed record DiceFocalLoss : DiceLoss
{
    /// <summary>The factor of Dice, 0 or more.</summary>
    /// <value>1.</value>
    public double LambdaDice { get; init; } = 1;

    /// <summary>The factor of the focal loss, 0 or more.</summary>
    /// <value>1.</value>
    public double LambdaFocal { get; init; } = 1;

    /// <inheritdoc cref="FocalLoss.Gamma"/>
    public double Gamma { get; init; } = 2;

    /// <inheritdoc cref="FocalLoss.Alpha"/>
    public double? Alpha { get; init; }

    private FocalLoss Focal => new() { Gamma = Gamma, Alpha = Alpha, IncludeBackground = IncludeBackground, ClassWeights = ClassWeights };

    /// <inheritdoc/>
    protected internal override Tensor Compute(LossInput input) => LambdaDice * base.Compute(input) + LambdaFocal * Focal.Compute(input);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems().Union(Focal.Problems())) yield return problem;
        if (!(LambdaDice is >= 0 and < double.PositiveInfinity)) yield return $"LambdaDice must be 0 or more, is {LambdaDice}.";
        if (!(LambdaFocal is >= 0 and < double.PositiveInfinity)) yield return $"LambdaFocal must be 0 or more, is {LambdaFocal}.";
    }
}
