namespace UNetFamily;

/// <summary>
/// U-Net for images and volumes. Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI 2015,
/// arXiv 1505.04597; Fig. 1.
/// </summary>
public sealed class UNet : SegmentationModel
{
    private readonly DoubleConv stem;
    private readonly ModuleList<Sequential> down;
    private readonly ModuleList<UNetUpStage> up;
    private readonly Convolution head;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public UNet(UNetOptions options) : base(options)
    {
        var (dims, widths, depth) = (options.SpatialDims, options.Widths, options.Widths.Count - 1);
        var halves = options.Upsampling.ChangesChannels;
        var padding = options.Padded ? 1 : 0;

        stem = new DoubleConv(dims, options.InChannels, widths[0], options.Norm, padding: padding);
        down = ModuleList([.. Enumerable.Range(1, depth).Select(Down)]);
        up = ModuleList([.. Enumerable.Range(0, depth).Reverse().Select(Up)]);
        head = dims.Conv(widths[0], options.OutChannels, kernel: 1);
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = options.Padded ? InputSizes.AtLeast(dims, 1L << depth) : UnpaddedSizes(dims, depth);

        Sequential Down(int level)
        {
            // Interpolation leaves the channels alone, so there the bottleneck is as narrow as the level above it.
            var width = level == depth && !halves ? widths[level - 1] : widths[level];
            var stage = Sequential(("pool", dims.MaxPool(2)), ("conv", new DoubleConv(dims, widths[level - 1], width, options.Norm, padding: padding)));
            if (options.Dropout > 0 && level >= depth - 1) stage.append("dropout", Dropout(options.Dropout));
            return stage;
        }

        UNetUpStage Up(int level)
        {
            if (!halves) return new UNetUpStage(dims, options, below: widths[level], raised: widths[level], skip: widths[level], to: widths[Math.Max(level - 1, 0)]);
            var raised = level == 0 ? options.LastUpWidth ?? widths[0] : widths[level];
            return new UNetUpStage(dims, options, below: widths[level + 1], raised, skip: widths[level], to: widths[level]);
        }
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x) => UShape.Rise(UShape.Levels(x.Through(stem), down), up).Through(head);

    // Every pooled map must be even, and the bottleneck must leave enough for the decoder, where each level makes 2b - 4 of b.
    private static InputSizes UnpaddedSizes(SpatialDims dims, int depth)
    {
        var smallest = (depth == 1 ? 3 : 4) + 4L;
        for (var level = 0; level < depth; level++) smallest = 2 * smallest + 4;
        return InputSizes.From(dims, smallest, 1L << depth);
    }
}
