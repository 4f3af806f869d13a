namespace UNetFamily;

/// <summary>A convolution of a map with the channels last in memory, by a <see cref="RowConvolution"/>.</summary>
internal sealed class ConvolveByRow : KernelOperation, IDisposable
{
    private readonly RowConvolution kernel;

    private ConvolveByRow(ConvolutionOperation original) : base(original)
    {
        using var scope = NewDisposeScope();
        var weights = original is ConvolveTransposed ? original.Weights with { Kernel = original.Weights.Kernel.transpose(0, 1) } : original.Weights;
        kernel = new RowConvolution(weights, original.Convolution.stride, original.Paddings);
    }

    /// <summary>Whether the result has the channels first in memory.</summary>
    public bool IsInPlanes { get; set; }

    /// <summary>A convolution computed so; null where it can't be. A transposed one of single positions is one as well.</summary>
    /// <param name="operation">The convolution.</param>
    public static Func<Operation>? Of(Operation operation) =>
        operation is ConvolutionOperation { TakesWeights: true, Convolution: { groups: 1 } conv } convolution && conv.dilation.All(step => step == 1) && PanelProduct.IsFast
        && (convolution is Convolve || (conv.kernel_size.Concat(conv.stride).All(side => side == 1) && convolution.Paddings.All(zeros => zeros == 0)))
            ? () => new ConvolveByRow(convolution) : null;

    public override void Run(Tensor[] x, Tensor y)
    {
        var (from, to) = (DepthwiseGrid.InVolume(x[0].shape.AsSpan(2), 1), DepthwiseGrid.InVolume(y.shape.AsSpan(2), 1));
        ForSamples(x[0], y, (input, output, crew) => kernel.Run(input, from, output, to, IsInPlanes, Rectifier, crew));
    }

    public override MemoryLayout LayoutOf(Tensor[] x) => IsInPlanes ? MemoryLayout.Contiguous : MemoryLayout.ChannelsLast;

    protected override bool CanRectify => true;

    public void Dispose() => kernel.Dispose();
}
