namespace UNetFamily;

/// <summary>
/// A loss of every map that a network with deep supervision returns, weighted and summed. Targets and pixel weights are resampled to each map's size by their nearest pixel.
/// A network without deep supervision may be trained with it as well: its one map then has the first weight.
/// </summary>
/// <param name="Loss">The loss of each map.</param>
/// <param name="Weights">How much each map counts.</param>
public sealed record DeepSupervisionLoss(SegmentationLoss Loss, SupervisionWeights Weights)
{
    /// <summary>The loss of a batch.</summary>
    /// <param name="output">What the network returned.</param>
    /// <param name="target">The targets at full resolution, as <see cref="SegmentationLoss.Of"/> takes them.</param>
    /// <param name="weights">How much each pixel counts, at full resolution.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">As for <see cref="SegmentationLoss.Of"/>, or the weights were given and are not as many as the maps.</exception>
    public Tensor Of(SegmentationOutput output, Tensor target, Tensor? weights = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        var maps = output.FinestFirst;
        var perMap = Weights.For(maps.Count);
        var full = output.Logits.shape[2..];

        using var scope = NewDisposeScope();
        Tensor? sum = null;
        foreach (var (logits, weight) in maps.Zip(perMap).Where(map => map.Second > 0))
        {
            var size = logits.shape[2..];
            var loss = weight * Loss.Of(logits, Nearest(target, full, size), weights is null ? null : Nearest(weights, full, size));
            sum = sum is null ? loss : sum + loss;
        }
        return (sum ?? output.Logits.sum() * 0).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The pixel in whose area each new pixel's centre lies, of labels of any type (interpolation needs floats, and takes the pixel left of the centre: PyTorch's <c>nearest</c>,
    /// where this is its <c>nearest-exact</c>).
    /// </summary>
    private static Tensor Nearest(Tensor map, long[] full, long[] size)
    {
        var spatial = map.dim() - full.Length;
        if (spatial < 1 || !map.shape.AsSpan((int)spatial).SequenceEqual(full) || size.AsSpan().SequenceEqual(full)) return map;   // the loss says what is wrong with a shape
        for (var axis = 0; axis < size.Length; axis++)
        {
            var (from, to) = (full[axis], size[axis]);
            if (from == to) continue;
            // floor((i + 1/2) * from / to) in whole numbers
            var index = tensor(Enumerable.Range(0, (int)to).Select(i => (2L * i + 1) * from / (2 * to)).ToArray(), device: map.device);
            map = map.index_select(spatial + axis, index);
        }
        return map;
    }
}
