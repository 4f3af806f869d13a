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
    protected override SegmentationOutput Segment(Tensor x)
    {
        var skips = new Stack<Tensor>();
        var maps = new Stack<Tensor>();

        x = stem.call(x);
        for (var level = 0; level < encoder.Count; level++)
        {
            skips.Push(Through(encoder[level], x));
            x = Call(down[level], skips.Peek());
        }
        x = Through(bottleneck, x);
        for (var level = encoder.Count - 1; level >= 0; level--)
        {
            if (auxiliary.Count > 0) maps.Push(auxiliary[level].call(x));
            using var below = x;
            using var skip = skips.Pop();
            x = Through(decoder[level], Call(up[level], below).add_(skip));
        }
        return new SegmentationOutput(head.call(x), [.. maps]);
    }

    /// <summary>The blocks of a stage; <paramref name="x"/> is not needed after it.</summary>
    private Tensor Through(ModuleList<MedNeXtBlock> stage, Tensor x)
    {
        foreach (var block in stage)
        {
            using var before = x;
            x = Call(block, before);
        }
        return x;
    }

    private Tensor Call(Module<Tensor, Tensor> block, Tensor x) => checkpointing ? ActivationCheckpoint.Run(block, x) : block.call(x);

    /// <inheritdoc/>
    public override TensorShape Trace(Tracer tracer, TensorShape input)
    {
        ArgumentNullException.ThrowIfNull(tracer);
        var skips = new Stack<TensorShape>();
        var x = tracer.Through(input, stem);
        for (var level = 0; level < encoder.Count; level++)
        {
            skips.Push(Through(tracer, encoder[level], x));
            x = Through(tracer, [down[level]], skips.Peek());
        }
        x = Through(tracer, bottleneck, x);
        for (var level = encoder.Count - 1; level >= 0; level--)
        {
            if (auxiliary.Count > 0) tracer.Through(x, auxiliary[level]);
            var (stage, below, skip) = (level, x, skips.Pop());
            x = tracer.Block(() => Through(tracer, decoder[stage], Tracer.SummedInto(Through(tracer, [up[stage]], below), skip)), holds: false, below, skip);
        }
        return tracer.Through(x, head);
    }

    private TensorShape Through(Tracer tracer, IEnumerable<nn.Module> blocks, TensorShape x)
    {
        foreach (var block in blocks) x = checkpointing ? tracer.Checkpointed(x, block) : tracer.Through(x, block);
        return x;
    }
}
