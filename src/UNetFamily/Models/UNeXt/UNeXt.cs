namespace UNetFamily;

/// <summary>
/// UNeXt: a small U-Net whose coarse levels are tokens that pass shifted MLPs, and whose skips are added. Valanarasu, Patel: UNeXt: MLP-based Rapid Medical Image Segmentation Network, MICCAI 2022,
/// arXiv 2203.04967; Fig. 2. The original takes images of 3 channels whatever it is told; this network takes any, and volumes.
/// </summary>
public sealed class UNeXt : SegmentationModel
{
    private readonly ModuleList<Sequential> down;
    private readonly ModuleList<UNeXtUpStage> up;
    private readonly Sequential last;
    private readonly Convolution head;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public UNeXt(UNeXtOptions options) : base(options)
    {
        var (dims, widths, levels) = (options.SpatialDims, options.Widths, options.Widths.Count);

        down = ModuleList([.. Enumerable.Range(0, levels).Select(Down)]);
        // The first two stages end in tokens, like the two deepest levels.
        up = ModuleList([.. Enumerable.Range(0, levels - 1).Reverse().Select((level, i) => new UNeXtUpStage(options, widths[level + 1], widths[level], i < 2 ? Tokens(level, i) : Identity()))]);
        last = Sequential(("conv", dims.Conv(widths[0], widths[0], kernel: 3)), ("up", new LinearUpsample(2, alignCorners: false)), ("activation", Activation.ReLU.Build(inPlace: true)));
        head = dims.Conv(widths[0], options.OutChannels, kernel: 1);
        RegisterComponents();
        InputSizes = InputSizes.MultiplesOf(dims, 1L << levels);

        Sequential Down(int level)
        {
            var from = level == 0 ? options.InChannels : widths[level - 1];
            return level < options.ConvLevels
                ? Sequential(("conv", dims.Conv(from, widths[level], kernel: 3)), ("norm", options.Norm.Build(dims, widths[level])), ("pool", dims.MaxPool(2)), ("activation", Activation.ReLU.Build(inPlace: true)))
                : Sequential(("embed", PatchEmbedding(dims, from, widths[level])), ("tokens", Tokens(level, level - options.ConvLevels)));
        }

        Sequential Tokens(int level, int place) => Sequential(
            ("block", new ShiftedMlpBlock(dims, widths[level], options.ShiftGroups, options.Dropout, options.DropPath * place / 2)),
            ("norm", new ChannelLayerNorm(widths[level])));
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x) => UShape.Rise(UShape.Levels(x.Through(down[0]), down.Skip(1)), up).Through(last, head);

    /// <summary>Overlapping patches as tokens: a convolution of stride 2, then a layer norm (class <c>OverlapPatchEmbed</c>).</summary>
    internal static Sequential PatchEmbedding(SpatialDims dims, long from, long to, long patch = 3, long stride = 2)
    {
        var conv = dims.Conv(from, to, kernel: patch, stride: stride);
        TokenWeights.FillByFanOut(conv);
        TokenWeights.ClearBiases(conv);
        return Sequential(("conv", conv), ("norm", new ChannelLayerNorm(to)));
    }
}
