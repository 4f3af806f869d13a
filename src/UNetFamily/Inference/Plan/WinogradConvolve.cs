namespace UNetFamily;

/// <summary>A convolution of 3 x 3 with the channels last in memory, by <see cref="WinogradConvolution"/>. Of several maps it takes the channels as if they were joined.</summary>
internal sealed class WinogradConvolve : KernelOperation, IDisposable
{
    private readonly WinogradConvolution kernel;

    private WinogradConvolve(ConvolutionOperation original) : base(original) => kernel = new WinogradConvolution(original.Weights.Kernel, original.Weights.Bias);

    /// <summary>A convolution computed so; null where it can't be.</summary>
    /// <param name="operation">The convolution.</param>
    /// <param name="x">The shape of its operand.</param>
    public static Func<Operation>? Of(Operation operation, long[] x) =>
        operation is Convolve { TakesWeights: true } convolve && WinogradConvolution.Takes(convolve.Convolution, convolve.Weights.Kernel) && operation.Shape([x]).AsSpan(2).SequenceEqual(x.AsSpan(2)) ? () => new WinogradConvolve(convolve) : null;

    public override void Run(Tensor[] x, Tensor y)
    {
        var (channels, sides) = (Array.ConvertAll(x, map => (int)map.shape[1]), y.shape[2..]);
        ForSamples(x, y, (from, to, crew) => kernel.Run(from, channels, to, sides, Rectifier, crew));
    }

    public override long[] Shape(long[][] x) => base.Shape([[x[0][0], x.Sum(map => map[1]), .. x[0][2..]]]);

    protected override bool CanRectify => true;

    public void Dispose() => kernel.Dispose();
}
