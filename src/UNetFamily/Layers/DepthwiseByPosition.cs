namespace UNetFamily;

/// <summary>
/// Depthwise convolutions of maps with the channels last, all channels of a position at once. Output and gradient of the input gather what reaches their positions (<see cref="DepthwiseGather"/>), there and back; the gradient
/// of the weights sums products of what lies together (<see cref="DepthwiseProducts"/>).
/// </summary>
internal sealed class DepthwiseByPosition : DepthwiseMaps
{
    private readonly ConvolutionOperation operation;
    private readonly long[] from, to;
    private readonly int[] kernel;

    // Each is needed by up to two of output and gradients.
    private readonly Lazy<DepthwiseReach[]> there, back;

    /// <summary>Remembers the sizes.</summary>
    /// <param name="operation">The convolution.</param>
    /// <param name="from">The shape of its operand.</param>
    /// <param name="to">The shape of its result.</param>
    public DepthwiseByPosition(ConvolutionOperation operation, long[] from, long[] to)
    {
        (this.operation, this.from, this.to, kernel) = (operation, from, to, Sides(operation.Convolution.kernel_size));
        there = new(() => DepthwiseGrid.InVolume([.. Enumerable.Range(0, from.Length - 2).Select(axis => operation.Reach(axis, from[axis + 2], to[axis + 2]))], DepthwiseReach.OfSlice));
        back = new(() => [.. there.Value.Zip(Sides(from[2..]), (reach, inputs) => reach.Back(inputs))]);
    }

    private int Channels => (int)from[1];

    private int Taps => kernel[0] * kernel[1] * kernel[2];

    /// <inheritdoc/>
    public override Tensor Output(Tensor x, Tensor weights, Tensor? bias) => Gathered(x, weights, bias, to, there.Value);

    /// <inheritdoc/>
    public override Tensor InputGradient(Tensor gradient, Tensor weights) => Gathered(gradient, weights, null, from, back.Value);

    /// <inheritdoc/>
    public override Tensor WeightGradient(Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();      // a gradient may lie in any layout
        // Neighbours in the smaller map meet the same taps, whatever the stride.
        var isTransposed = operation is ConvolveTransposed;
        var (gathered, held) = isTransposed ? (gradient.InLayout(MemoryLayout.ChannelsLast), x.InLayout(MemoryLayout.ChannelsLast)) : (x.InLayout(MemoryLayout.ChannelsLast), gradient.InLayout(MemoryLayout.ChannelsLast));
        using var crew = new Crew();
        var sums = new DepthwiseProducts(Channels, kernel).Sum(gathered.Start(), Sides(gathered.shape[2..]), held.Start(), isTransposed ? back.Value : there.Value, (int)from[0], crew);
        GC.KeepAlive(gathered);
        GC.KeepAlive(held);
        var numbers = new float[sums.Length];
        for (var tap = 0; tap < Taps; tap++)
            for (var channel = 0; channel < Channels; channel++) numbers[(channel * Taps) + tap] = (float)sums[(tap * Channels) + channel];
        return tensor(numbers, operation.Weights.Kernel.shape).MoveToOuterDisposeScope();
    }

    private Tensor Gathered(Tensor x, Tensor weights, Tensor? bias, long[] shape, DepthwiseReach[] axes)
    {
        using var scope = NewDisposeScope();
        var channels = (int)shape[1];
        var gather = new DepthwiseGather(channels, kernel, weights.movedim([0], [-1]).Numbers(), bias?.Numbers() ?? new float[channels]);
        var (source, result, sides) = (x.InLayout(MemoryLayout.ChannelsLast), MemoryLayout.ChannelsLast.Empty(shape, x.dtype, x.device), Sides(x.shape[2..]));
        KernelOperation.ForSamples(source, result, (input, output, crew) => gather.Run(input, sides, output, axes, crew));
        return result.MoveToOuterDisposeScope();
    }
}
