namespace UNetFamily;

/// <summary>Pointwise convolutions and inverted bottlenecks with the channels last in memory, by a <see cref="PositionProduct"/>.</summary>
internal sealed class MultiplyPositions : KernelOperation, IDisposable
{
    private readonly PositionProduct kernel;

    private MultiplyPositions(Operation original, PositionProduct kernel) : base(original) => this.kernel = kernel;

    /// <summary>An operation computed so; null where it can't be.</summary>
    public static Func<Operation>? Of(Operation operation) => operation switch
    {
        Bottleneck bottleneck => () => new MultiplyPositions(operation, new BottleneckProduct(new PackedWeights(bottleneck.Expand), new PackedWeights(bottleneck.Compress))),
        Convolve { IsPointwise: true } convolve when PositionProduct.Takes(convolve.Convolution.in_channels, convolve.Convolution.out_channels) =>
            () => new MultiplyPositions(operation, new PointwiseProduct(new PackedWeights(convolve.Weights))),
        _ => null,
    };

    public override Tensor Run(Tensor[] x)
    {
        var shape = Shape([x[0].shape]);
        var result = MemoryLayout.ChannelsLast.Empty(shape, x[0].dtype, x[0].device);
        ForSamples(x[0], result, (from, to, crew) => kernel.Run(from, to, shape.Positions(), crew));
        return result;
    }

    public void Dispose() => kernel.Dispose();
}
