namespace UNetFamily;

/// <summary>A transposed convolution with the channels last in memory whose kernel is no larger than its stride, by a <see cref="SpreadConvolution"/>.</summary>
internal sealed class ConvolveBySpreading : KernelOperation, IDisposable
{
    private readonly SpreadConvolution kernel;

    private ConvolveBySpreading(ConvolveTransposed original) : base(original) => kernel = new SpreadConvolution(original.Weights, original.Convolution.stride);

    /// <summary>A convolution computed so; null where it can't be.</summary>
    /// <param name="operation">The convolution.</param>
    public static Func<Operation>? Of(Operation operation) =>
        operation is ConvolveTransposed { TakesWeights: true, Convolution: { groups: 1 } conv } transposed && conv.kernel_size.Zip(conv.stride).All(axis => axis.First <= axis.Second) && conv.dilation.All(step => step == 1)
        && transposed.Paddings.All(zeros => zeros == 0) && PanelProduct.IsFast ? () => new ConvolveBySpreading(transposed) : null;

    public override void Run(Tensor[] x, Tensor y)
    {
        var (from, to) = (DepthwiseGrid.InVolume(x[0].shape.AsSpan(2), 1), DepthwiseGrid.InVolume(y.shape.AsSpan(2), 1));
        ForSamples(x[0], y, (input, output, crew) => kernel.Run(input, from, output, to, crew));
    }

    public void Dispose() => kernel.Dispose();
}
