namespace UNetFamily;

/// <summary>
/// Attention U-Net for images and volumes: a U-Net whose skips pass attention gates. Oktay et al.: Attention U-Net: Learning Where to Look for the Pancreas, MIDL 2018, arXiv 1804.03999; Fig. 1. Three code
/// forms are in use, and they are not the same network; <see cref="AttentionUNetOptions"/> makes each.
/// </summary>
public sealed class AttentionUNet : SegmentationModel
{
    private readonly AttentionUNetOptions options;
    private readonly Module<Tensor, Tensor> stem;
    private readonly ModuleList<Sequential> down;
    private readonly Module<Tensor, Tensor> gating;
    private readonly ModuleList<Module<Tensor, Tensor>> up;
    private readonly ModuleList<Block2> gates;
    private readonly ModuleList<Module<Tensor, Tensor>> merge;
    private readonly ModuleList<Convolution> heads;
    private readonly Convolution head;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public AttentionUNet(AttentionUNetOptions options) : base(options)
    {
        this.options = options;
        var (dims, widths, depth) = (options.SpatialDims, options.Widths, options.Depth);
        var deepestFirst = Enumerable.Range(0, depth).Reverse().ToArray();
        // With one signal for all gates it is as wide as the level above the deepest.
        var signalWidth = options.SharedSignal ? widths[depth - 1] : widths[depth];

        stem = Unit(options.InChannels, widths[0]);
        down = ModuleList([.. Enumerable.Range(1, depth).Select(Down)]);
        gating = options.Attention is SkipAttention.Grid ? new ConvNormAct(dims, widths[depth], signalWidth, kernel: 1, norm: options.Norm, bias: true) : Identity();
        up = ModuleList([.. deepestFirst.Select(Up)]);
        gates = ModuleList([.. deepestFirst.Where(IsGated).Select(Gate)]);
        merge = ModuleList([.. deepestFirst.Select(Merge)]);
        heads = ModuleList([.. Enumerable.Range(0, options.FusedHeads ? depth : 0).Select(level => dims.Conv(widths[level], options.OutChannels, kernel: 1))]);
        head = dims.Conv(options.FusedHeads ? depth * options.OutChannels : widths[0], options.OutChannels, kernel: 1);
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = InputSizes.AtLeast(dims, SmallestSide(options));

        Module<Tensor, Tensor> Unit(long from, long to, Extent? stride = null) => options.Unit is AttentionUNetUnit.RecurrentResidual
            ? new RecurrentResidualBlock(dims, from, to, options.Kernel, options.Norm, options.RecurrentSteps)
            : new DoubleConv(dims, from, to, options.Norm, kernel: options.Kernel, stride: stride, bias: true, dropout: Regularization.Dropout(options.Dropout));

        Sequential Down(int level) => options.Downsampling is Downsampling.MaxPool
            ? Sequential(("pool", dims.MaxPool(options.StrideBelow(level - 1))), ("conv", Unit(widths[level - 1], widths[level])))
            : Sequential(("conv", Unit(widths[level - 1], widths[level], options.StrideBelow(level - 1))));

        Module<Tensor, Tensor> Up(int level)
        {
            var (from, to, stride) = (widths[level + 1], widths[level], options.StrideBelow(level));
            return options.Upsampling switch
            {
                AttentionUpsampling.NearestConv => Sequential(("up", new NearestUpsample(stride)), ("conv", new ConvNormAct(dims, from, to, options.Kernel, norm: options.Norm, bias: true))),
                AttentionUpsampling.TransposedConv => Sequential(
                    ("conv", dims.ConvTranspose(from, to, options.UpKernel, stride, padding: options.UpKernel.Select(side => side / 2), outputPadding: stride.Along(dims)[0] - 1)),
                    ("norm", options.Norm.Build(dims, to)),
                    ("activation", Activation.ReLU.Build(inPlace: true))),
                _ => new LinearUpsample(stride, alignCorners: false),
            };
        }

        bool IsGated(int level) => options.Attention is SkipAttention.Additive || (options.Attention is SkipAttention.Grid && level > 0);

        Block2 Gate(int level)
        {
            if (options.Attention is SkipAttention.Additive) return new AttentionGate(dims, Raised(level), widths[level], AttentionUNetOptions.Between(widths[level]), options.Norm);
            var from = level == depth - 1 || options.SharedSignal ? signalWidth : widths[level + 1];
            return options.CombinedGates is { } count
                ? new CombinedGates(dims, options, count, from, widths[level])
                : new GridAttentionGate(dims, from, widths[level], stride: options.GridStride, norm: options.Norm);
        }

        Module<Tensor, Tensor> Merge(int level)
        {
            var joined = widths[level] + Raised(level);
            return options.Merge is AttentionMerge.Unit ? Unit(joined, widths[level]) : Sequential(
                ("conv", new ConvNormAct(dims, joined, widths[level], options.Kernel, norm: Normalization.InstanceWithoutAffine, activation: Activation.PReLU(), bias: true)),
                ("dropout", Regularization.Dropout(options.Dropout).Build(dims)));
        }

        long Raised(int level) => options.Upsampling is AttentionUpsampling.Linear ? widths[level + 1] : widths[level];
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x)
    {
        var levels = UShape.Levels(x.Through(stem), down);
        var maps = new List<FeatureMap>();
        (x, var signal) = (levels[^1], levels[^1].Through(gating));
        for (var i = 0; i < options.Depth; i++)
        {
            var skip = levels[^(i + 2)];
            var raised = x.Through(up[i]).FitTo(skip);
            if (i < gates.Count) skip = (options.Attention is SkipAttention.Additive ? raised : signal).Through(gates[i], skip);
            x = FeatureMap.Concat(skip, raised).Through(merge[i]);
            if (!options.SharedSignal) signal = x;
            maps.Insert(0, x);
        }
        return options.FusedHeads ? Fused(maps).Through(head) : x.Through(head);
    }

    // The logits of all levels in the size of the finest.
    private FeatureMap Fused(List<FeatureMap> maps)
    {
        var finest = maps[0].Through(heads[0]);
        return FeatureMap.Concat([finest, .. maps.Skip(1).Select((map, i) => map.Through(heads[i + 1]).ResizeTo(finest, alignCorners: false))]);
    }

    // A position must be left at the deepest level, and a cell of the grid at the deepest gate.
    private static Extent SmallestSide(AttentionUNetOptions options)
    {
        var dims = options.SpatialDims;
        var (above, grid) = (dims.AxisNames.Select(_ => 1L).ToArray(), options.GridStride.Along(dims));
        for (var level = 0; level < options.Depth - 1; level++) above = [.. above.Zip(options.StrideBelow(level).Along(dims), (side, stride) => side * stride)];
        var last = options.StrideBelow(options.Depth - 1).Along(dims);
        return Extent.Of([.. above.Select((side, axis) => side * (options.Attention is SkipAttention.Grid && options.Depth > 1 ? Math.Max(last[axis], grid[axis]) : last[axis]))]);
    }
}
