namespace UNetFamily;

/// <summary>A transposed convolution with the channels last in memory whose kernel is as large as its stride, by a <see cref="SpreadConvolution"/>.</summary>
internal sealed class ConvolveBySpreading : KernelOperation, IDisposable
{
    private readonly SpreadConvolution kernel;

    private ConvolveBySpreading(ConvolveTransposed original) : base(original) => kernel = new SpreadConvolution(original.Weights);

    /// <summary>A convolution computed so; null where it can't be.</summary>
    /// <param name="operation">The convolution.</param>
    public static Func<Operation>? Of(Operation operation) =>
        operation is ConvolveTransposed { TakesWeights: true, Convolution: { groups: 1 } conv } transposed && conv.kernel_size.AsSpan().SequenceEqual(conv.stride) && conv.dilation.All(step => step == 1)
        && transposed.Paddings.All(zeros => zeros == 0) && conv.output_padding.All(more => more == 0) && PanelProduct.IsFast ? () => new ConvolveBySpreading(transposed) : null;

    public override void Run(Tensor[] x, Tensor y)
    {
        var sides = DepthwiseGrid.InVolume(x[0].shape.AsSpan(2), 1);
        ForSamples(x[0], y, (input, output, crew) => kernel.Run(input, sides, output, crew));
    }

    public void Dispose() => kernel.Dispose();
}
