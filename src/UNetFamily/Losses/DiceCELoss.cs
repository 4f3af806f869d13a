namespace UNetFamily;

/// <summary>
/// Dice plus cross-entropy, the loss that nnU-Net trains with (Isensee et al., 2021); parameters as in MONAI's <c>DiceCELoss</c>. With sigmoid the second part is the binary cross-entropy.
/// It takes every class; <see cref="OverlapLoss.IncludeBackground"/> is about Dice alone.
/// </summary>
public sealed record DiceCELoss : DiceLoss
{
    /// <summary>The factor of Dice, 0 or more.</summary>
    /// <value>1.</value>
    public double LambdaDice { get; init; } = 1;

    /// <summary>The factor of the cross-entropy, 0 or more.</summary>
    /// <value>1.</value>
    public double LambdaCE { get; init; } = 1;

    /// <summary>How much of each label the cross-entropy spreads over all classes, 0 to below 1; softmax only.</summary>
    /// <value>0.</value>
    public double LabelSmoothing { get; init; }

    /// <summary>nnU-Net's choice: no background in Dice, sums over the batch or not as its plans say.</summary>
    /// <param name="batchDice">The plans' <c>batch_dice</c>: true for images and low-resolution volumes, as a rule.</param>
    /// <param name="ignoreLabel">The label of pixels that don't count.</param>
    public static DiceCELoss NnUNet(bool batchDice, long? ignoreLabel = null) => new() { IncludeBackground = false, Batch = batchDice, IgnoreIndex = ignoreLabel };

    /// <inheritdoc/>
    protected internal override Tensor Compute(LossInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        SegmentationLoss crossEntropy = input.Sigmoid
            ? new BinaryCrossEntropyLoss { ClassWeights = ClassWeights }
            : new SoftmaxCrossEntropyLoss { ClassWeights = ClassWeights, LabelSmoothing = LabelSmoothing };
        return LambdaDice * base.Compute(input) + LambdaCE * crossEntropy.Compute(input);
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (!(LambdaDice is >= 0 and < double.PositiveInfinity)) yield return $"LambdaDice must be 0 or more, is {LambdaDice}.";
        if (!(LambdaCE is >= 0 and < double.PositiveInfinity)) yield return $"LambdaCE must be 0 or more, is {LambdaCE}.";
        if (!(LabelSmoothing is >= 0 and < 1)) yield return $"LabelSmoothing must be 0 to below 1, is {LabelSmoothing}.";
    }
}
