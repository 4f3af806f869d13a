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
        var result = empty([to[0], .. to[2..], to[1]], x[0].dtype).movedim([-1], [1]);
        using var crew = new Crew();
        With(x[0], input => With(result, output =>
        {
            for (var sample = 0L; sample < from[0]; sample++)
                kernel.Run(input + Offset(sample, from), from[2..], output + Offset(sample, to), to[2..], crew);
        }));
        return result;

        static nint Offset(long sample, long[] shape) => (nint)(sample * shape[1] * shape.Positions() * sizeof(float));
    }
}
