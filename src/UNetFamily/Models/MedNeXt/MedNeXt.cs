namespace UNetFamily;

/// <summary>
/// MedNeXt for images and volumes. Roy, Koehler, Ulrich, Baumgartner, Petersen, Isensee, Jäger, Maier-Hein: MedNeXt: Transformer-driven Scaling of
/// ConvNets for Medical Image Segmentation, MICCAI 2023, arXiv 2303.09975; Fig. 1a.
/// </summary>
/// <remarks>
/// With one group per channel, a level that is one voxel in size normalizes to its shift alone: a side of 16 on every axis runs, and its bottleneck sees
/// nothing. Take 32 or more on one axis at least.
/// </remarks>
public sealed class MedNeXt : SegmentationModel
{
    // Lists are indexed by level, finest first; level i is 2^i times coarser than the input.
    private readonly Convolution stem;
    private readonly ModuleList<ModuleList<MedNeXtBlock>> encoder;
    private readonly ModuleList<MedNeXtDownBlock> down;
    private readonly ModuleList<MedNeXtBlock> bottleneck;
    private readonly ModuleList<MedNeXtUpBlock> up;
    private readonly ModuleList<ModuleList<MedNeXtBlock>> decoder;
    private readonly Convolution head;
    private readonly ModuleList<Convolution> auxiliary;
    private readonly bool checkpointing;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public MedNeXt(MedNeXtOptions options) : base(options)
    {
        var (dims, norm, grn, levels) = (options.SpatialDims, options.Norm, options.ResponseNorm, options.Depths.Count / 2);
        var (downKernel, upKernel) = (options.EncoderKernel ?? options.Kernel, options.DecoderKernel ?? options.Kernel);
        checkpointing = options.ActivationCheckpointing;

        stem = dims.Conv(options.InChannels, Width(0), kernel: 1);
        encoder = ModuleList([.. Levels().Select(level => Stage(level, level, downKernel))]);
        down = ModuleList([.. Levels().Select(Down)]);
        bottleneck = Stage(levels, levels, upKernel);
        up = ModuleList([.. Levels().Select(Up)]);
        decoder = ModuleList([.. Levels().Select(level => Stage(level, DecoderStage(level), upKernel))]);
        head = Head(0);
        auxiliary = ModuleList([.. Enumerable.Range(1, options.DeepSupervision ? levels : 0).Select(Head)]);
        // The original's dummy_tensor: nothing reads it, but its published counts and checkpoints include it.
        register_parameter("dummy", Weight.Of(ones(1)));
        RegisterComponents();

        InputSizes = InputSizes.MultiplesOf(dims, 1L << levels);

        long Width(int level) => options.Channels << level;

        IEnumerable<int> Levels() => Enumerable.Range(0, levels);

        int DecoderStage(int level) => 2 * levels - level;

        ModuleList<MedNeXtBlock> Stage(int level, int stage, Extent kernel) => ModuleList([.. Enumerable.Range(0, (int)options.Depths[stage]).Select(_ =>
            new MedNeXtBlock(dims, Width(level), expansion: options.Expansions[stage], kernel: kernel, norm: norm, residual: options.Residual, responseNorm: grn))]);

        // The original leaves the response norm out of the first step down.
        MedNeXtDownBlock Down(int level) => new(dims, Width(level), Width(level + 1), options.Expansions[level + 1], downKernel, norm, options.ResamplingResidual, grn && level > 0);

        MedNeXtUpBlock Up(int level) => new(dims, Width(level + 1), Width(level), options.Expansions[DecoderStage(level)], upKernel, norm, options.ResamplingResidual, grn);

        Convolution Head(int level) => dims.ConvTranspose(Width(level), options.OutChannels, kernel: 1);
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x)
    {
        var skips = new Stack<FeatureMap>();
        var maps = new Stack<FeatureMap>();

        x = x.Through(stem);
        for (var level = 0; level < encoder.Count; level++)
        {
            x = Through(x, encoder[level]);
            skips.Push(x);
            x = Through(x, [down[level]]);
        }
        x = Through(x, bottleneck);
        for (var level = encoder.Count - 1; level >= 0; level--)
        {
            if (auxiliary.Count > 0) maps.Push(x.Through(auxiliary[level]));
            x = Through(Through(x, [up[level]]) + skips.Pop(), decoder[level]);
        }
        return new SegmentationMaps(x.Through(head), [.. maps]);
    }

    private FeatureMap Through(FeatureMap x, IEnumerable<Block> blocks)
    {
        foreach (var block in blocks) x = checkpointing ? x.Checkpointed(block) : x.Through(block);
        return x;
    }
}
