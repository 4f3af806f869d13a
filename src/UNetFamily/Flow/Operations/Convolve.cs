namespace UNetFamily;

/// <summary>A convolution.</summary>
internal sealed class Convolve(Convolution conv, ConvolutionWeights? own = null, Func<ConvolutionWeights>? fold = null) : ConvolutionOperation(conv, own, fold)
{
    public override int OutputAxis => 0;

    /// <summary>Whether each position of the result comes from that position alone, of all channels.</summary>
    public bool IsPointwise => TakesWeights && Convolution.groups == 1 && Convolution.kernel_size.All(side => side == 1) && Convolution.stride.All(step => step == 1) && Paddings.All(padding => padding == 0);

    public override ConvolutionOperation With(ConvolutionWeights? weights, Func<ConvolutionWeights>? fold = null) => new Convolve(Convolution, weights, fold);

    public override Tensor Compute(Tensor x, ConvolutionWeights weights) => x.dim() == 4
        ? functional.conv2d(x, weights.Kernel, weights.Bias, Convolution.stride, Paddings, Convolution.dilation, Convolution.groups)
        : functional.conv3d(x, weights.Kernel, weights.Bias, Convolution.stride, Paddings, Convolution.dilation, Convolution.groups);

    public override long[] Shape(long[][] x)
    {
        RequireMap(x[0]);
        return Sides(x[0], (axis, side) => (side + Padding(axis) - Reach(axis) + Convolution.stride[axis]) / Convolution.stride[axis]);
    }

    // Every weight meets every output position once.
    public override long Macs(long[][] x, long[] y) => checked(y[0] * KernelElements * y.Positions());

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode)
    {
        // Padding other than zeros is a copy of the input: the convolution keeps the copy, and the padding the input.
        if (Convolution.padding_mode is PaddingModes.Zeros || (mode.BytesPerNumber == sizeof(float) && DepthwiseConvolution.Takes(this))) return MemoryUse.KeepsFirst;
        var padded = mode.BytesPerNumber * x[0].WithSides((axis, side) => side + Padding(axis)).Elements();
        return MemoryUse.KeepsFirst with { KeptBytes = padded, PassingBytes = padded };
    }

    protected override long Input(int axis, long position, long tap, long side) => Source((position * Convolution.stride[axis]) - (Padding(axis) / 2) + (Convolution.dilation[axis] * tap), side);

    protected override bool IsSpread => false;
}
