namespace UNetFamily;

/// <summary>A depthwise convolution of either direction with the channels last in memory, by <see cref="DepthwiseGather"/>.</summary>
internal sealed class GatherDepthwise : KernelOperation
{
    private readonly DepthwiseGather kernel;
    private readonly int[] sides;
    private readonly DepthwiseReach[] axes;

    private GatherDepthwise(ConvolutionOperation original, long[] x) : base(original)
    {
        var (conv, y) = (original.Convolution, original.Shape([x]));
        using var last = original.Weights.Kernel.movedim([0], [-1]).squeeze(0);
        kernel = new DepthwiseGather((int)conv.in_channels, DepthwiseGrid.InVolume(conv.kernel_size.AsSpan(), 1), last.Numbers(), original.Weights.Bias?.Numbers() ?? new float[conv.in_channels]);
        sides = DepthwiseGrid.InVolume(x.AsSpan(2), 1);
        axes = DepthwiseGrid.InVolume([.. Enumerable.Range(0, x.Length - 2).Select(axis => original.Reach(axis, x[axis + 2], y[axis + 2]))], DepthwiseReach.OfSlice);
    }

    /// <summary>Whether a convolution can be computed so.</summary>
    public static bool Takes(Operation operation) => operation is ConvolutionOperation convolution && DepthwiseConvolution.Takes(convolution) && convolution.Convolution.groups % PanelProduct.Lanes == 0;

    /// <summary>A convolution computed so; null where it can't be.</summary>
    /// <param name="operation">The convolution.</param>
    /// <param name="x">The shape of its operand.</param>
    public static Func<Operation>? Of(Operation operation, long[] x) => Takes(operation) ? () => new GatherDepthwise((ConvolutionOperation)operation, x) : null;

    public override void Run(Tensor[] x, Tensor y) => ForSamples(x[0], y, (from, to, crew) => kernel.Run(from, sides, to, axes, crew));
}
