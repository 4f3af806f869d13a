namespace UNetFamily;

/// <summary>A convolution of 3 x 3 with the channels last in memory, by <see cref="WinogradConvolution"/>.</summary>
internal sealed class WinogradConvolve : KernelOperation, IDisposable
{
    // Transformed weights are four times as large, so they must be small beside the maps.
    private const double LargestShareOfMaps = 2;

    private readonly WinogradConvolution kernel;

    private WinogradConvolve(ConvolutionOperation original) : base(original) => kernel = new WinogradConvolution(original.Weights.Kernel, original.Weights.Bias);

    /// <summary>A convolution computed so; null where it can't be, or its weights would take much memory.</summary>
    /// <param name="operation">The convolution.</param>
    /// <param name="x">The shape of its operand.</param>
    /// <param name="y">The shape of its result.</param>
    public static Func<Operation>? Of(Operation operation, long[] x, long[] y)
    {
        if (operation is not Convolve { TakesWeights: true } convolve || !WinogradConvolution.Takes(convolve.Convolution, convolve.Weights.Kernel) || !x.AsSpan(2).SequenceEqual(y.AsSpan(2))) return null;
        var weights = WinogradTiles.Products / 9.0 * convolve.Weights.Kernel.numel();
        return weights <= LargestShareOfMaps * (x.Elements() + y.Elements()) ? () => new WinogradConvolve(convolve) : null;
    }

    public override Tensor Run(Tensor[] x) => kernel.Run(x[0]);

    public void Dispose() => kernel.Dispose();
}
