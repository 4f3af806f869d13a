namespace UNetFamily;

/// <summary>A transposed convolution.</summary>
internal sealed class ConvolveTransposed(Convolution conv, ConvolutionWeights? own = null, Func<ConvolutionWeights>? fold = null) : ConvolutionOperation(conv, own, fold)
{
    public override int OutputAxis => 1;

    public override ConvolutionOperation With(ConvolutionWeights? weights, Func<ConvolutionWeights>? fold = null) => new ConvolveTransposed(Convolution, weights, fold);

    public override Tensor Compute(Tensor x, ConvolutionWeights weights) => x.dim() == 4
        ? functional.conv_transpose2d(x, weights.Kernel, weights.Bias, Convolution.stride, Paddings, Convolution.output_padding, Convolution.dilation, Convolution.groups)
        : functional.conv_transpose3d(x, weights.Kernel, weights.Bias, Convolution.stride, Paddings, Convolution.output_padding, Convolution.dilation, Convolution.groups);

    public override long[] Shape(long[][] x)
    {
        RequireMap(x[0]);
        return Sides(x[0], (axis, side) => (side - 1) * Convolution.stride[axis] - Padding(axis) + Reach(axis) + Convolution.output_padding[axis]);
    }

    // Every weight meets every input position once.
    public override long Macs(long[][] x, long[] y) => checked(x[0][0] * KernelElements * x[0].Positions());

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.KeepsFirst;

    protected override long Input(int axis, long position, long tap, long side) =>
        position + (Padding(axis) / 2) - (Convolution.dilation[axis] * tap) is var spread && spread % Convolution.stride[axis] == 0 ? spread / Convolution.stride[axis] : -1;

    protected override bool IsSpread => true;
}
