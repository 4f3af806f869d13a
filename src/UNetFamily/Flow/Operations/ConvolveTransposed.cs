namespace UNetFamily;

/// <summary>A transposed convolution.</summary>
internal sealed class ConvolveTransposed(Convolution conv, ConvolutionWeights? own = null) : ConvolutionOperation(conv, own)
{
    public override int OutputAxis => 1;

    public override ConvolutionOperation With(ConvolutionWeights weights) => new ConvolveTransposed(Convolution, weights);

    protected override Tensor Compute(Tensor x, ConvolutionWeights weights) => x.dim() == 4
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

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0]?.Gather(y[2..], axis => Convolution.kernel_size[axis], (axis, position, tap) =>
        position + Padding(axis) / 2 - Convolution.dilation[axis] * tap is var spread && spread % Convolution.stride[axis] == 0 ? spread / Convolution.stride[axis] : -1);

    public override DepthwiseReach Reach(int axis, long inputs, long outputs)
    {
        var (taps, padding, stride, dilation) = ((int)Convolution.kernel_size[axis], (int)Padding(axis) / 2, (int)Convolution.stride[axis], (int)Convolution.dilation[axis]);
        return new([.. Enumerable.Range(0, (int)outputs).Select(place => (from tap in Enumerable.Range(0, taps)
                                                                          let spread = place + padding - (dilation * tap)
                                                                          where spread >= 0 && spread % stride == 0 && spread / stride < inputs
                                                                          select (spread / stride, tap)).ToArray())], 1);
    }
}
