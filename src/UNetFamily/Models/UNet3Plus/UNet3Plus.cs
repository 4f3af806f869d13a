namespace UNetFamily;

/// <summary>
/// UNet 3+: every decoder stage sees every level, and a classifier may switch off samples without anything to segment. Huang et al.: UNet 3+: A Full-Scale Connected UNet for Medical Image Segmentation,
/// ICASSP 2020, arXiv 2004.08790; Fig. 1.
/// </summary>
/// <remarks>
/// The original returns sigmoids; this network returns logits as all others do. A sample that the classifier switches off has logits of 0, which is a probability of 0.5 everywhere and not 0: the original
/// multiplies before the sigmoid, too, while the paper's figure shows the product of masks. No gradient reaches the classifier through the switch; it learns from <see cref="Classify"/>. As published, the
/// classification-guided class can't run, because its file uses numpy without importing it; with that mended it computes this.
/// </remarks>
public sealed class UNet3Plus : SegmentationModel
{
    private readonly UNet3PlusOptions options;
    private readonly DoubleConv stem;
    private readonly ModuleList<Sequential> down;
    private readonly ModuleList<FullScaleStage> up;
    private readonly Convolution head;
    private readonly ModuleList<Convolution> heads;
    private readonly Sequential? classifier;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public UNet3Plus(UNet3PlusOptions options) : base(options)
    {
        this.options = options;
        var (dims, widths, depth) = (options.SpatialDims, options.Widths, options.Depth);

        stem = Level(options.InChannels, widths[0]);
        down = ModuleList([.. Enumerable.Range(1, depth).Select(level => Sequential(("pool", dims.MaxPool(2)), ("conv", Level(widths[level - 1], widths[level]))))]);
        up = ModuleList([.. Enumerable.Range(0, depth).Reverse().Select(stage => new FullScaleStage(dims, options, stage))]);
        head = dims.Conv(options.FusedWidth, options.OutChannels, kernel: 3);
        heads = ModuleList([.. Enumerable.Range(1, options.DeepSupervision ? depth : 0).Select(level => dims.Conv(level == depth ? widths[depth] : options.FusedWidth, options.OutChannels, kernel: 3))]);
        if (options.ClassificationGuided) classifier = Sequential(("dropout", Dropout(options.ClassifierDropout)), ("conv", dims.Conv(widths[depth], 2, kernel: 1)));
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = InputSizes.MultiplesOf(dims, 1L << depth, options.EncoderNorm.NeedsPositions ? 2 : 1);

        DoubleConv Level(long from, long to) => new(dims, from, to, options.EncoderNorm, bias: true);
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <summary>
    /// The classifier's scores of each sample: logits of "nothing to segment" and "something to segment". Train it with cross-entropy on them; a sample is switched off where the first is as large or larger.
    /// </summary>
    /// <param name="input">What the network takes.</param>
    /// <returns>(N, 2); the caller disposes it.</returns>
    /// <exception cref="InvalidOperationException">The network has no classifier.</exception>
    /// <exception cref="ArgumentException">The input doesn't fit.</exception>
    public Tensor Classify(Tensor input)
    {
        if (classifier is null) throw new InvalidOperationException($"{nameof(UNet3Plus)} has no classifier: build it with {nameof(UNet3PlusOptions.ClassificationGuided)}.");
        Require(input, InputSizes);
        using var scope = NewDisposeScope();
        return LiveRun.Of(this, maps => [Scores(Encode(maps[0])[^1])], input)[0].flatten(1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x)
    {
        // The encoder's maps, which the decoder's replace from below.
        var levels = Encode(x);
        var gate = classifier is null ? null : Switch(Scores(levels[^1]));
        foreach (var (i, stage) in up.Index()) levels[options.Depth - 1 - i] = stage.Flow(levels);

        var logits = levels[0].Through(head);
        return new SegmentationMaps(Gated(logits), [.. heads.Select((convolution, i) => Gated(levels[i + 1].Through(convolution).Upsample(1L << (i + 1), alignCorners: false)))]);

        FeatureMap Gated(FeatureMap map) => gate is null ? map : map * gate;
    }

    private List<FeatureMap> Encode(FeatureMap x) => UShape.Levels(x.Through(stem), down);

    private FeatureMap Scores(FeatureMap deepest) => deepest.Through(classifier!).AdaptiveMaxPool(1);

    // 1 where there is something to segment. The original compares sigmoids of the scores, in the same order.
    private static FeatureMap Switch(FeatureMap scores) => scores.Narrow(1, 1).Greater(scores.Narrow(0, 1));
}
