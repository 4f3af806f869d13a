namespace UNetFamily;

/// <summary>A convolution of 3 x 3 computed by <see cref="WinogradConvolution"/>; only plans have it.</summary>
internal sealed class WinogradConvolve : LayerOperation, IDisposable
{
    // Transformed weights are four times as large, so they must be small beside the maps.
    private const double LargestShareOfMaps = 2;

    private readonly ConvolutionOperation original;
    private readonly WinogradConvolution kernel;

    private WinogradConvolve(ConvolutionOperation original) : base(original.Convolution) => (this.original, kernel) = (original, new WinogradConvolution(original.Weights.Kernel, original.Weights.Bias));

    public override bool TakesChannelsLast => true;

    public override LayerKind Kind => LayerKind.Convolution;

    /// <summary>The same convolution computed so; null where it can't be, or its weights would take much memory.</summary>
    /// <param name="operation">A convolution.</param>
    /// <param name="x">The shape of its operand.</param>
    /// <param name="y">The shape of its result.</param>
    public static Func<WinogradConvolve>? Of(Operation operation, long[] x, long[] y)
    {
        if (operation is not Convolve { TakesWeights: true } convolve || !WinogradConvolution.Takes(convolve.Convolution, convolve.Weights.Kernel) || !x.AsSpan(2).SequenceEqual(y.AsSpan(2))) return null;
        var weights = WinogradTiles.Products / 9.0 * convolve.Weights.Kernel.numel();
        return weights <= LargestShareOfMaps * (x.Elements() + y.Elements()) ? () => new WinogradConvolve(convolve) : null;
    }

    public override Tensor Run(Tensor[] x) => kernel.Run(x[0]);

    public override long[] Shape(long[][] x) => original.Shape(x);

    public override long Macs(long[][] x, long[] y) => original.Macs(x, y);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => original.Fields(fields, x, y);

    public void Dispose() => kernel.Dispose();
}
