namespace UNetFamily;

/// <summary>
/// A decoder stage of UNet 3+: it sees every level, brought to its size and narrowed to equally many channels (Huang et al., 2020, Fig. 2).
/// <code>
/// finer encoder maps → max pool ┐
/// encoder map of this level     ├ → conv → norm → ReLU, each → concatenate → conv → norm → ReLU
/// coarser decoder maps → resize ┘
/// </code>
/// </summary>
internal sealed class FullScaleStage : nn.Module<IReadOnlyList<Tensor>, Tensor>
{
    private readonly ModuleList<Sequential> scales;
    private readonly ConvNormAct fuse;

    /// <param name="dims">The rank.</param>
    /// <param name="options">The network's options.</param>
    /// <param name="stage">The level, 0 for the finest.</param>
    public FullScaleStage(SpatialDims dims, UNet3PlusOptions options, int stage) : base(nameof(FullScaleStage))
    {
        scales = ModuleList([.. Enumerable.Range(0, options.Widths.Count).Select(Scale)]);
        fuse = Unit(options.FusedWidth, options.FusedWidth);
        RegisterComponents();

        Sequential Scale(int level)
        {
            // Finer levels and this one come from the encoder, coarser ones from the decoder; its deepest is the encoder's.
            var width = level <= stage || level == options.Depth ? options.Widths[level] : options.FusedWidth;
            var factor = 1L << Math.Abs(level - stage);
            var layers = new List<(string, Module<Tensor, Tensor>)>();
            if (level < stage) layers.Add(("pool", dims.MaxPool(factor)));
            if (level > stage) layers.Add(("up", new LinearUpsample(factor, alignCorners: false)));
            return Sequential([.. layers, ("conv", Unit(width, options.SkipWidth))]);
        }

        ConvNormAct Unit(long from, long to) => new(dims, from, to, norm: options.DecoderNorm, bias: true);
    }

    /// <param name="input">A map of every level, finest first: the encoder's down to this stage, the decoder's below it.</param>
    /// <returns>(N, channels of a stage, …spatial of this level).</returns>
    public override Tensor forward(IReadOnlyList<Tensor> input) => LiveRun.Of(this, maps => [Stage(maps)], [.. input])[0];

    /// <summary>The stage as a part of another flow.</summary>
    public FeatureMap Flow(IReadOnlyList<FeatureMap> maps) => maps[0].Within(this, () => Stage(maps), Hooks.On(this) ? () => call([.. maps.Select(map => map.Tensor)]) : null);

    private FeatureMap Stage(IReadOnlyList<FeatureMap> maps) => FeatureMap.Concat([.. maps.Select((map, level) => map.Through(scales[level]))]).Through(fuse);
}
