namespace UNetFamily;

/// <summary>A convolution with the channels last in memory, by a <see cref="RowConvolution"/>.</summary>
internal sealed class ConvolveByRow : KernelOperation, IDisposable
{
    private readonly RowConvolution kernel;

    private ConvolveByRow(Convolve original) : base(original) => kernel = new RowConvolution(original.Weights, original.Convolution.stride, original.Paddings);

    /// <summary>A convolution computed so; null where it can't be.</summary>
    /// <param name="operation">The convolution.</param>
    public static Func<Operation>? Of(Operation operation) =>
        operation is Convolve { TakesWeights: true, Convolution: { groups: 1 } conv } convolve && conv.dilation.All(step => step == 1) && PanelProduct.IsFast ? () => new ConvolveByRow(convolve) : null;

    public override void Run(Tensor[] x, Tensor y)
    {
        var (from, to) = (DepthwiseGrid.InVolume(x[0].shape.AsSpan(2), 1), DepthwiseGrid.InVolume(y.shape.AsSpan(2), 1));
        ForSamples(x[0], y, (input, output, crew) => kernel.Run(input, from, output, to, Rectifier, crew));
    }

    protected override bool CanRectify => true;

    public void Dispose() => kernel.Dispose();
}
