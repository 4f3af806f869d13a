namespace UNetFamily;

/// <summary>Pointwise to many channels, GELU, pointwise to few, as one operation: the inverted bottleneck of MobileNetV2, and of ConvNeXt and those after it. Only plans have it, for <see cref="MultiplyPositions"/>.</summary>
/// <param name="expand">The first convolution.</param>
/// <param name="activate">The activation.</param>
/// <param name="compress">The second convolution.</param>
internal sealed class Bottleneck(ConvolutionOperation expand, Operation activate, ConvolutionOperation compress) : KernelOperation(compress)
{
    /// <summary>The weights of the first convolution.</summary>
    public ConvolutionWeights Expand => expand.Weights;

    /// <summary>The weights of the second convolution.</summary>
    public ConvolutionWeights Compress => compress.Weights;

    /// <summary>Three operations as one; null where they are no bottleneck.</summary>
    public static Bottleneck? Of(Operation first, Operation second, Operation third) =>
        first is Convolve { IsPointwise: true } expand && third is Convolve { IsPointwise: true } compress && ActivateGaussian.Of(second) is not null
        && PositionProduct.Takes(expand.Convolution.in_channels, expand.Convolution.out_channels, compress.Convolution.out_channels)
            ? new Bottleneck(expand, second, compress)
            : null;

    public override long[] Shape(long[][] x) => compress.Shape([expand.Shape(x)]);

    public override long Macs(long[][] x, long[] y) => expand.Macs(x, expand.Shape(x)) + compress.Macs([expand.Shape(x)], y);

    public override Tensor Run(Tensor[] x)
    {
        using var wide = expand.Run(x);
        using var activated = activate.Run([wide]);
        return compress.Run([activated]);
    }
}
