namespace UNetFamily;

/// <summary>How <see cref="GeneralizedDiceLoss"/> weighs a class by its labelled volume v.</summary>
public enum VolumeWeighting
{
    /// <summary>1 / v², as published.</summary>
    Square,

    /// <summary>1 / v.</summary>
    Simple,

    /// <summary>1: all classes in one coefficient, pixel by pixel.</summary>
    Uniform,
}

/// <summary>
/// One minus a single Dice coefficient of all classes, each weighted by the inverse of its volume. Sudre et al.: Generalised Dice overlap, 2017; parameters as in MONAI's <c>GeneralizedDiceLoss</c>.
/// A class that is not there gets the largest weight of those that are. Weights are divided by their largest, so that the smoothing means pixels here, too; MONAI's swamps
/// the tiny weights of large volumes.
/// </summary>
public sealed record GeneralizedDiceLoss : OverlapLoss
{
    /// <summary>How a class is weighed; MONAI's <c>w_type</c>.</summary>
    /// <value><see cref="VolumeWeighting.Square"/>.</value>
    public VolumeWeighting WType { get; init; } = VolumeWeighting.Square;

    /// <inheritdoc/>
    protected internal override Tensor Compute(LossInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var (both, predicted, truth) = SumUp(input);
        var weights = Weights(truth.detach());
        if (WeightOfClass(input) is { } classWeights) weights = weights * classWeights;
        return (1 - (2 * (both * weights).sum(1) + SmoothNr) / (((predicted + truth) * weights).sum(1) + SmoothDr)).mean();
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems() =>
        Enum.IsDefined(WType) ? base.Problems() : base.Problems().Append($"WType must be Square, Simple or Uniform, is {(int)WType}.");

    /// <summary>Relative to the smallest class that is there, which has 1, as have those that are not; 1 everywhere when none is there.</summary>
    private Tensor Weights(Tensor volume)
    {
        if (WType is VolumeWeighting.Uniform) return volume.ones_like();
        var there = volume.masked_fill(volume.le(0), double.PositiveInfinity);
        var ratio = there.amin([1], keepdim: true) / there;
        ratio = ratio.masked_fill(volume.le(0), 1);
        return WType is VolumeWeighting.Square ? ratio * ratio : ratio;
    }
}
