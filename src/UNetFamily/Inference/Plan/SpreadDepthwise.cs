namespace UNetFamily;

/// <summary>A transposed depthwise convolution of volumes with the channels last in memory, by <see cref="DepthwiseSpread"/>.</summary>
internal sealed class SpreadDepthwise : KernelOperation
{
    private readonly ConvolutionOperation original;
    private readonly DepthwiseSpread kernel;

    private SpreadDepthwise(ConvolveTransposed original) : base(original)
    {
        this.original = original;
        var conv = original.Convolution;
        using var last = original.Weights.Kernel.movedim([0], [-1]).squeeze(0);
        kernel = new DepthwiseSpread((int)conv.in_channels, conv.kernel_size, conv.stride, original.Paddings, Numbers(last), original.Weights.Bias is { } bias ? Numbers(bias) : new float[conv.in_channels]);
    }

    /// <summary>A convolution computed so; null where it can't be.</summary>
    public static Func<Operation>? Of(Operation operation) => operation is ConvolveTransposed { TakesWeights: true, Convolution: TorchSharp.Modules.ConvTranspose3d conv } transposed
        && conv.groups == conv.in_channels && conv.groups == conv.out_channels && conv.groups % PanelProduct.Lanes == 0 && conv.dilation.All(step => step == 1)
        ? () => new SpreadDepthwise(transposed) : null;

    public override Tensor Run(Tensor[] x)
    {
        var (from, to) = (x[0].shape, original.Shape([x[0].shape]));
        var result = MemoryLayout.ChannelsLast.Empty(to, x[0].dtype, x[0].device);
        ForSamples(x[0], result, (input, output, crew) => kernel.Run(input, from[2..], output, to[2..], crew));
        return result;
    }
}
