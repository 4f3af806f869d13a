namespace UNetFamily;

/// <summary>A loss from sums over whole images: how much prediction and label overlap, and how much there is of each.</summary>
public abstract record OverlapLoss : SegmentationLoss
{
    /// <summary>Whether channel 0, the background, counts as a class. One channel alone always counts. nnU-Net leaves the background out.</summary>
    /// <value>true.</value>
    public bool IncludeBackground { get; init; } = true;

    /// <summary>Whether sums go over the whole batch, instead of a coefficient for each sample; steadier where a patch may lack a class.</summary>
    /// <value>false.</value>
    public bool Batch { get; init; }

    /// <summary>Added to the numerator, 0 or more: a class that is neither there nor predicted is then no loss.</summary>
    /// <value>1e-5.</value>
    public double SmoothNr { get; init; } = 1e-5;

    /// <summary>Added to the denominator, above 0.</summary>
    /// <value>1e-5.</value>
    public double SmoothDr { get; init; } = 1e-5;

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (!(SmoothNr is >= 0 and < double.PositiveInfinity)) yield return $"SmoothNr must be 0 or more, is {SmoothNr}.";
        if (!(SmoothDr is > 0 and < double.PositiveInfinity)) yield return $"SmoothDr must be above 0, is {SmoothDr}.";
    }

    /// <summary>Sums over the pixels for each class: (N, C), or (1, C) over the batch; without the background unless it counts.</summary>
    /// <param name="input">The checked input.</param>
    /// <param name="squared">Whether predictions and labels are squared before they are summed.</param>
    private protected Sums SumUp(LossInput input, bool squared = false)
    {
        var (predicted, truth, weights) = (WithoutBackground(input.Probabilities), WithoutBackground(input.Target), input.Weights);
        return new Sums(
            Sum(predicted * truth),
            Sum(squared ? predicted * predicted : predicted),
            Sum(squared && truth.dtype is not ScalarType.Bool ? truth * truth : truth));

        Tensor Sum(Tensor map)
        {
            var perSample = (weights is null ? map : map * weights).sum(input.SpatialAxes, type: input.Logits.dtype);
            return Batch ? perSample.sum(0, keepdim: true) : perSample;
        }
    }

    /// <summary><see cref="SegmentationLoss.ClassWeights"/> for the classes that count, (1, C); null when there are none.</summary>
    private protected Tensor? WeightOfClass(LossInput input) =>
        ClassWeights is { } weights ? WithoutBackground(input.PerChannel(weights)).flatten(1) : null;

    private Tensor WithoutBackground(Tensor perChannel) => IncludeBackground || perChannel.shape[1] == 1 ? perChannel : perChannel.narrow(1, 1, perChannel.shape[1] - 1);

    /// <summary>The three sums that every overlap coefficient is made from.</summary>
    private protected readonly record struct Sums(Tensor Both, Tensor Predicted, Tensor Truth);
}
