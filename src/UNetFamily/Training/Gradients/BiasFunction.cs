namespace UNetFamily;

/// <summary>
/// Ties a convolution's bias, which has been added already, to the graph: libtorch 2.10's own gradient of it takes as long as those of input and weights where the channels lie last. Its tensors are the output and the bias.
/// </summary>
internal sealed class BiasFunction : GradientFunction<BiasFunction>
{
    /// <inheritdoc/>
    public override string Name => "Bias";

    /// <inheritdoc/>
    protected override string Failure => "The gradient of a bias could not be computed";

    /// <summary>The gradient of a bias.</summary>
    /// <param name="gradient">That of the output, (N, C, …spatial), in any layout.</param>
    /// <returns>(C).</returns>
    public static Tensor Sum(Tensor gradient)
    {
        if (is_grad_enabled() || !gradient.IsLast() || !gradient.IsForVectors()) return gradient.sum([0, .. Enumerable.Range(2, (int)gradient.dim() - 2).Select(axis => (long)axis)]);
        var sums = tensor(ChannelSums.Of(gradient.Start(), gradient.shape[0] * gradient.shape.Positions(), (int)gradient.shape[1]));
        GC.KeepAlive(gradient);
        return sums;
    }

    /// <inheritdoc/>
    protected override (Tensor Output, IEnumerable<Tensor> Saved) Compute(object call, Tensor[] tensors) => (tensors[0].detach(), []);

    /// <inheritdoc/>
    protected override Tensor?[] Gradients(object call, IReadOnlyList<Tensor> saved, bool[] needed, Tensor gradient) => [needed[0] ? gradient : null, needed[1] ? Sum(gradient) : null];
}
