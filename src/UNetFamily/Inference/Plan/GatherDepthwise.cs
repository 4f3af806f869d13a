namespace UNetFamily;

/// <summary>A depthwise convolution of either direction with the channels last in memory, by <see cref="DepthwiseGather"/>.</summary>
internal sealed class GatherDepthwise : KernelOperation
{
    private readonly ConvolutionOperation original;
    private readonly DepthwiseGather kernel;

    private GatherDepthwise(ConvolutionOperation original) : base(original)
    {
        this.original = original;
        var conv = original.Convolution;
        using var last = original.Weights.Kernel.movedim([0], [-1]).squeeze(0);
        kernel = new DepthwiseGather((int)conv.in_channels, DepthwiseGrid.InVolume([.. conv.kernel_size.Select(side => (int)side)], 1), Numbers(last), original.Weights.Bias is { } bias ? Numbers(bias) : new float[conv.in_channels]);
    }

    /// <summary>A convolution computed so; null where it can't be.</summary>
    public static Func<Operation>? Of(Operation operation) =>
        operation is ConvolutionOperation { Convolution: var conv } convolution && DepthwiseConvolution.Takes(convolution) && conv.groups % PanelProduct.Lanes == 0 ? () => new GatherDepthwise(convolution) : null;

    public override Tensor Run(Tensor[] x)
    {
        var (from, to) = (x[0].shape, original.Shape([x[0].shape]));
        var result = MemoryLayout.ChannelsLast.Empty(to, x[0].dtype, x[0].device);
        DepthwiseReach[] axes = [.. Enumerable.Range(0, from.Length - 2).Select(axis => original.Reach(axis, from[axis + 2], to[axis + 2]))];
        int[] sides = [.. from[2..].Select(side => (int)side)];
        var inVolume = DepthwiseGrid.InVolume(axes, new DepthwiseReach([[(0, 0)]], 1));
        ForSamples(x[0], result, (input, output, crew) => kernel.Run(input, DepthwiseGrid.InVolume(sides, 1), output, inVolume, crew));
        return result;
    }
}
