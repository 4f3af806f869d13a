namespace UNetFamily;

/// <summary>
/// ConvUNeXt: a U-Net of ConvNeXt-like blocks whose skips pass an attention gate. Han, Jian, Wang: ConvUNeXt: An efficient convolution neural network for
/// medical image segmentation, Knowledge-Based Systems 253, 2022, 109512; <c>src/ConvUNeXt.py</c> of 1914669687/ConvUNeXt.
/// </summary>
public sealed class ConvUNeXt : SegmentationModel
{
    private readonly Sequential stem;
    private readonly ModuleList<Sequential> down;
    private readonly ModuleList<ConvUNeXtUpStage> up;
    private readonly Convolution head;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public ConvUNeXt(ConvUNeXtOptions options) : base(options)
    {
        var (dims, widths, depth) = (options.SpatialDims, options.Widths, options.Widths.Count - 1);
        var halves = options.Upsampling.ChangesChannels;

        stem = Sequential(
            ("input", new ConvNormAct(dims, options.InChannels, widths[0], options.Kernel, norm: options.Norm, activation: Activation.GELU, bias: true, paddingMode: PaddingModes.Reflect)),
            ("blocks", Blocks(options, widths[0], options.Depths[0])));
        down = ModuleList([.. Enumerable.Range(1, depth).Select(Down)]);
        up = ModuleList([.. Enumerable.Range(0, depth).Reverse().Select(Up)]);
        head = dims.Conv(widths[0], options.OutChannels, kernel: 1);
        RegisterComponents();

        // Reflection needs more positions than it adds, also at the bottleneck.
        InputSizes = InputSizes.AtLeast(dims, options.Kernel.Select(side => (side / 2 + 1) << depth));

        Sequential Down(int level)
        {
            // Interpolation leaves the channels alone, so there the bottleneck is as narrow as the level above it.
            var width = level == depth && !halves ? widths[level - 1] : widths[level];
            return Sequential(
                ("norm", options.Norm.Build(dims, widths[level - 1])),
                ("conv", dims.Conv(widths[level - 1], width, kernel: 2, stride: 2, padding: 0)),
                ("blocks", Blocks(options, width, options.Depths[level])));
        }

        ConvUNeXtUpStage Up(int level) => halves
            ? new ConvUNeXtUpStage(options, below: widths[level + 1], skip: widths[level], to: widths[level])
            : new ConvUNeXtUpStage(options, below: widths[level], skip: widths[level], to: widths[Math.Max(level - 1, 0)]);
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x) => UShape.Rise(UShape.Levels(x.Through(stem), down), up).Through(head);

    internal static Sequential Blocks(ConvUNeXtOptions options, long width, long count) =>
        Sequential([.. Enumerable.Range(0, (int)count).Select(_ => new ConvUNeXtBlock(options.SpatialDims, width, options.Norm, options.Kernel, options.Expansion))]);
}
