namespace UNetFamily;

/// <summary>The way down of nnU-Net's networks: an optional stem, then stages whose outputs are the skips (<c>PlainConvEncoder</c>, <c>ResidualEncoder</c>).</summary>
internal sealed class NnUNetEncoder : nn.Module
{
    private readonly Module<Tensor, Tensor> stem;
    private readonly ModuleList<Sequential> stages;

    private NnUNetEncoder(Module<Tensor, Tensor> stem, IEnumerable<Sequential> stages) : base(nameof(NnUNetEncoder))
    {
        this.stem = stem;
        this.stages = ModuleList([.. stages]);
        RegisterComponents();
    }

    public static NnUNetEncoder Plain(PlainConvUNetOptions options)
    {
        var (stages, convs) = (options.EncoderStages, NnUNetOptions.ForEachStage(options.ConvsPerStage, options.Stages));
        return new NnUNetEncoder(Identity(), stages.Select((stage, i) =>
            NnUNetStage.Units(options, convs[i], i == 0 ? options.InChannels : stages[i - 1].Features, stage.Features, stage.Kernel, stage.Stride, options.Order)));
    }

    public static NnUNetEncoder Residual(NnUNetResidualOptions options)
    {
        var stages = options.EncoderStages;
        var width = options.StemChannels ?? stages[0].Features;
        return new NnUNetEncoder(NnUNetStage.Unit(options, options.InChannels, width, stages[0].Kernel, stride: 1), stages.Select((stage, i) =>
            NnUNetStage.ResidualBlocks(options, options.Blocks[i], i == 0 ? width : stages[i - 1].Features, options.Bottlenecks[i], stage.Features, stage.Kernel, stage.Stride)));
    }

    /// <returns>The output of each stage, finest first.</returns>
    public IReadOnlyList<FeatureMap> Flow(FeatureMap x)
    {
        var skips = new List<FeatureMap>();
        x = x.Through(stem);
        foreach (var stage in stages) skips.Add(x = x.Through(stage));
        return skips;
    }
}
