namespace UNetFamily;

/// <summary>
/// The cross-entropy of one class for each pixel, -log p of the right class. The mean is weighted by the class weights of the labels, as in PyTorch's <c>CrossEntropyLoss</c>, and by the
/// pixels' weights; with the map of <see cref="BoundaryWeights"/> it is the loss of the U-Net paper (Ronneberger et al., 2015, Eq. 1), divided by the sum of weights.
/// </summary>
public sealed record SoftmaxCrossEntropyLoss : SegmentationLoss
{
    /// <summary>How much of each label is spread over all classes, 0 to below 1.</summary>
    /// <value>0.</value>
    public double LabelSmoothing { get; init; }

    /// <inheritdoc/>
    protected internal override Tensor Compute(LossInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Sigmoid) throw new ArgumentException("SoftmaxCrossEntropyLoss needs two channels or more, and softmax. For independent channels there is BinaryCrossEntropyLoss.");

        var log = input.LogProbabilities;
        if (ClassWeights is not { } weights) return input.Mean(Smoothed(input, log, input.AtTarget(log)));

        var perClass = input.PerChannel(weights);
        var atTarget = input.AtTarget(perClass.expand(log.shape));
        log = log * perClass;
        return input.Mean(Smoothed(input, log, input.AtTarget(log)), per: atTarget);
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Sigmoid) yield return "Sigmoid must be false.";
        if (!(LabelSmoothing is >= 0 and < 1)) yield return $"LabelSmoothing must be 0 to below 1, is {LabelSmoothing}.";
    }

    private Tensor Smoothed(LossInput input, Tensor log, Tensor atTarget)
    {
        if (LabelSmoothing == 0) return -atTarget;
        // Target of any kind: its values sum to 1, and so does what is spread.
        return -((1 - LabelSmoothing) * atTarget + LabelSmoothing / input.Channels * log.sum(1, keepdim: true));
    }
}
