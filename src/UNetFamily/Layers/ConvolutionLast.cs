namespace UNetFamily;

/// <summary>
/// Convolutions of maps with the channels last in training, in float32 on a CPU: libtorch's, but for what it does slowly in this layout. Results lie in it as well.
/// </summary>
internal static class ConvolutionLast
{
    // Up to so many numbers of the first axes, libtorch leaves a convolution of one volume to a kernel for contiguous maps.
    private const long FewNumbers = 20480;

    /// <summary>Whether convolutions of a map are computed so.</summary>
    /// <param name="operation">The convolution.</param>
    /// <param name="x">Its operand.</param>
    public static bool Takes(ConvolutionOperation operation, Tensor x) =>
        is_grad_enabled() && x.IsLast() && x is { dtype: ScalarType.Float32, device_type: DeviceType.CPU } && operation.TakesWeights && operation.Weights.Kernel.dtype is ScalarType.Float32;

    /// <summary>Convolves.</summary>
    /// <param name="operation">The convolution.</param>
    /// <param name="x">(N, C, …spatial).</param>
    /// <returns>(N, C, …spatial).</returns>
    public static Tensor Call(ConvolutionOperation operation, Tensor x)
    {
        BiasFunction.ThrowEarlierFailure();
        using var scope = NewDisposeScope();
        var (kernel, bias) = operation.Weights;
        var own = bias is { requires_grad: true } && bias.shape[0] % PanelProduct.Lanes == 0;
        var weights = new ConvolutionWeights(kernel, own ? bias!.detach() : bias);
        var y = (IsProduct(operation, x) ? Product(x, weights) : operation.Compute(x, weights)).InLayout(MemoryLayout.ChannelsLast);
        return (own ? BiasFunction.apply(operation, y, bias!) : y).MoveToOuterDisposeScope();
    }

    private static bool IsProduct(ConvolutionOperation operation, Tensor x) => operation is Convolve { IsPointwise: true }
        && x.dim() == 5 && x.shape[0] == 1 && x.shape[1] * x.shape[2] * x.shape[3] <= FewNumbers;

    // The positions are the rows of a matrix.
    private static Tensor Product(Tensor x, ConvolutionWeights weights) => functional.linear(x.movedim([1], [-1]), weights.Kernel.flatten(1), weights.Bias).movedim([-1], [1]);
}
