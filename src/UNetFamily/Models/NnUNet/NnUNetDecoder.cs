namespace UNetFamily;

/// <summary>
/// The way up of nnU-Net's networks: at each stage the map from below is convolved up, joined with the skip and refined, and a head turns it into logits
/// (<c>UNetDecoder</c>, <c>UNetResDecoder</c>).
/// </summary>
internal sealed class NnUNetDecoder : nn.Module
{
    private readonly ModuleList<NnUNetUpStage> stages;
    private readonly ModuleList<Convolution> heads;
    private readonly bool deepSupervision;

    private NnUNetDecoder(NnUNetOptions options, Func<long, NnUNetStage, Sequential> refine) : base(nameof(NnUNetDecoder))
    {
        var (dims, encoder) = (options.SpatialDims, options.EncoderStages);
        var convs = NnUNetOptions.ForEachStage(options.ConvsPerStageDecoder, options.Stages - 1);
        deepSupervision = options.DeepSupervision;
        stages = ModuleList([.. convs.Select((count, i) => new NnUNetUpStage(
            dims.ConvTranspose(encoder[^(i + 1)].Features, encoder[^(i + 2)].Features, kernel: encoder[^(i + 1)].Stride, bias: options.ConvBias),
            refine(count, encoder[^(i + 2)])))]);
        heads = ModuleList([.. convs.Select((_, i) => dims.Conv(encoder[^(i + 2)].Features, options.OutChannels, kernel: 1))]);
        RegisterComponents();
    }

    public static NnUNetDecoder Plain(NnUNetOptions options, ConvOrder order = ConvOrder.ConvNormAct) => new(options, (count, skip) =>
        NnUNetStage.Units(options, count, 2 * skip.Features, skip.Features, skip.Kernel, stride: 1, order));

    public static NnUNetDecoder Residual(NnUNetOptions options) => new(options, (count, skip) =>
        NnUNetStage.ResidualBlocks(options, count, 2 * skip.Features, bottleneck: null, skip.Features, skip.Kernel, stride: 1));

    /// <param name="skips">The outputs of the encoder's stages, finest first.</param>
    /// <returns>Logits of the finest stage and, with deep supervision, of the others.</returns>
    public SegmentationMaps Flow(IReadOnlyList<FeatureMap> skips)
    {
        var finestFirst = new List<FeatureMap>();
        var x = skips[^1];
        for (var i = 0; i < stages.Count; i++)
        {
            x = x.Through(stages[i], skips[^(i + 2)]);
            if (deepSupervision || i == stages.Count - 1) finestFirst.Insert(0, x.Through(heads[i]));
        }
        return new SegmentationMaps(finestFirst[0], finestFirst[1..]);
    }
}

/// <summary>One stage of the way up: <c>below → up → concatenate [up, skip] → refine</c>.</summary>
internal sealed class NnUNetUpStage : Block2
{
    private readonly Convolution up;
    private readonly Sequential blocks;

    public NnUNetUpStage(Convolution up, Sequential blocks) : base(nameof(NnUNetUpStage))
    {
        (this.up, this.blocks) = (up, blocks);
        RegisterComponents();
    }

    /// <param name="below">(N, below, …spatial / stride).</param>
    /// <param name="skip">(N, skip, …spatial).</param>
    /// <returns>(N, skip, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap below, FeatureMap skip) => FeatureMap.Concat(below.Through(up), skip).Through(blocks);
}
