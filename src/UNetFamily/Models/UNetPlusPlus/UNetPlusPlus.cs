namespace UNetFamily;

/// <summary>
/// UNet++ for images and volumes. Zhou, Siddiquee, Tajbakhsh, Liang: UNet++: A Nested U-Net Architecture for Medical Image Segmentation, DLMIA 2018,
/// arXiv 1807.10165, Fig. 1; and UNet++: Redesigning Skip Connections to Exploit Multiscale Features in Image Segmentation, IEEE TMI 2020, arXiv 1912.05074.
/// </summary>
/// <remarks>
/// Its output's <see cref="SegmentationOutput.Logits"/> are those of the last branch; with <see cref="UNetPlusPlusOptions.DeepSupervision"/>
/// <see cref="SegmentationOutput.Auxiliary"/> are those of the others, from the last but one to X(0,1). All are at full resolution.
/// </remarks>
public sealed class UNetPlusPlus : SegmentationModel
{
    private readonly ModuleList<Sequential> encoder;
    private readonly NestedDecoder decoder;
    private readonly NamedModules<Convolution> heads;
    private readonly UNetPlusPlusOptions options;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public UNetPlusPlus(UNetPlusPlusOptions options) : base(options)
    {
        this.options = options;
        var (dims, widths, level) = (options.SpatialDims, options.Widths, options.LastLevel);
        var changesChannels = options.Upsampling.ChangesChannels;

        encoder = ModuleList([.. Enumerable.Range(0, level + 1).Select(EncoderLevel)]);
        decoder = new NestedDecoder(level, Node, options.Skips);
        heads = new(Levels.Select(k => (NestedDecoder.Key(0, k), dims.Conv(widths[0], options.OutChannels, kernel: 1, bias: options.HeadBias))));
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = SizesFor(level);

        Sequential EncoderLevel(int i)
        {
            var (from, stride) = i == 0 ? (options.InChannels, 1) : (widths[i - 1], options.StrideBelow(i - 1));
            var strided = options.Downsampling is Downsampling.StridedConv;
            var convs = Convs(from, widths[i], options.EncoderConvsAt(i), options.KernelAt(i), strided ? stride : 1, options.Dropout);
            return strided || i == 0 ? Sequential(("convs", convs)) : Sequential(("pool", dims.MaxPool(stride)), ("convs", convs));
        }

        NestedNode Node(int i, int j)
        {
            var raised = changesChannels ? widths[i] : widths[i + 1];
            var skips = options.Skips is NestedSkips.Dense ? j : 1;
            var up = options.Upsampling.Build(dims, widths[i + 1], raised, options.StrideBelow(i));
            var dropout = options.DropoutInDecoder ? options.Dropout : Regularization.None;
            return new NestedNode(up, Convs(skips * widths[i] + raised, widths[i], options.DecoderConvs, options.DecoderKernelAt(i), stride: 1, dropout), options.Concat);
        }

        Sequential Convs(long from, long to, long count, Extent kernel, Extent stride, Regularization dropout)
        {
            var convs = Sequential();
            for (var n = 0; n < count; n++)
            {
                convs.append($"{n}", new ConvNormAct(dims, n == 0 ? from : to, to, kernel, n == 0 ? stride : 1, norm: options.Norm, activation: options.Activation,
                    bias: options.ConvBias, dropout: options.DropoutLast ? null : dropout, order: options.Order));
                if (options.DropoutLast && dropout != Regularization.None) convs.append($"dropout{n}", dropout.Build(dims));
            }
            return convs;
        }
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <summary>The branches that have a head, and so can be used and pruned to: 1 to the depth, or the last alone.</summary>
    public IReadOnlyList<int> Levels => options.DeepSupervision ? [.. Enumerable.Range(1, options.LastLevel)] : [options.LastLevel];

    /// <summary>
    /// Accurate mode (Zhou et al., 2018, Section 3.2): the mean of the probabilities of all branches.
    /// </summary>
    /// <param name="input">(N, InChannels, …spatial).</param>
    /// <param name="sigmoid">Whether classes are independent of each other; otherwise a softmax over the classes. When left out, a sigmoid for one class and a softmax for several.</param>
    /// <returns>(N, OutChannels, …spatial), 0 to 1.</returns>
    /// <exception cref="ArgumentException">The input doesn't fit.</exception>
    /// <exception cref="InvalidOperationException">The network has one head only.</exception>
    public Tensor Accurate(Tensor input, bool? sigmoid = null)
    {
        if (!options.DeepSupervision)
            throw new InvalidOperationException($"{GetName()} has a head on its last branch only, and nothing to average. Build it with DeepSupervision = true.");
        using var scope = NewDisposeScope();
        using var output = call(input);
        var mean = Probabilities(output.Logits, sigmoid);
        foreach (var branch in output.Auxiliary) mean += Probabilities(branch, sigmoid);
        return mean.div_(output.FinestFirst.Count).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Fast mode (Zhou et al., 2018, Section 3.2): the probabilities of one branch, computing only the nodes that it needs. To keep to one branch for good, use
    /// <see cref="Prune"/>.
    /// </summary>
    /// <param name="input">(N, InChannels, …spatial); sides need only fit the strides down to <paramref name="level"/>.</param>
    /// <param name="level">The branch, one of <see cref="Levels"/>.</param>
    /// <param name="sigmoid">As in <see cref="Accurate"/>.</param>
    /// <returns>(N, OutChannels, …spatial), 0 to 1.</returns>
    /// <exception cref="ArgumentException">The input doesn't fit, or there is no such branch.</exception>
    public Tensor Fast(Tensor input, int level, bool? sigmoid = null)
    {
        RequireHead(level);
        Require(input, SizesFor(level));
        using var scope = NewDisposeScope();
        using var output = Run(input, x => Branches(x, level, [level]));
        return Probabilities(output.Logits, sigmoid).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Makes the network of one branch (the paper's UNet++ L1 to L4): it holds the nodes X(i,j) with i + j up to <paramref name="level"/> and that branch's head, with copies of this network's
    /// weights, and its logits are bit for bit those of the branch. Its options say what it is, and its weights have the names that they have here.
    /// </summary>
    /// <param name="level">The branch, one of <see cref="Levels"/>.</param>
    /// <returns>A network of its own, on the same device, in the same type and mode.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such branch.</exception>
    public UNetPlusPlus Prune(int level)
    {
        RequireHead(level);
        var pruned = new UNetPlusPlus(options with { Level = level, DeepSupervision = false });
        var sample = heads[NestedDecoder.Key(0, level)].weight!;
        pruned.to(sample.device, sample.dtype);
        pruned.train(training);

        using var noGradient = no_grad();
        var weights = state_dict();
        foreach (var (key, weight) in pruned.state_dict()) weight.copy_(weights[key]);
        return pruned;
    }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x) => Branches(x, options.LastLevel, Levels);

    // Branch k is X(0,k), under head k; the levels asked for end in the last.
    private SegmentationMaps Branches(FeatureMap x, int last, IReadOnlyList<int> levels)
    {
        var features = new List<FeatureMap>();
        foreach (var stage in encoder.Take(last + 1)) features.Add(x = x.Through(stage));
        var branches = decoder.Flow(features);
        FeatureMap[] logits = [.. levels.Reverse().Select(k => branches[^(last - k + 1)].Through(heads[NestedDecoder.Key(0, k)]))];
        return new SegmentationMaps(logits[0], logits[1..]);
    }

    private InputSizes SizesFor(int level)
    {
        var divisor = Enumerable.Repeat(1L, (int)options.SpatialDims).ToArray();
        for (var i = 0; i < level; i++)
            foreach (var (axis, stride) in options.StrideBelow(i).Along(options.SpatialDims).Index()) divisor[axis] *= stride;
        return InputSizes.MultiplesOf(options.SpatialDims, Extent.Of(divisor), cells: options.Norm.NeedsPositions ? 2 : 1);
    }

    private void RequireHead(int level)
    {
        if (Levels.Contains(level)) return;
        var hint = options.DeepSupervision ? "" : " Build it with DeepSupervision = true to have one on every branch.";
        throw new ArgumentOutOfRangeException(nameof(level), Choice.Text(level), $"{GetName()} has heads on the branches {string.Join(", ", Levels)}.{hint}");
    }

    private Tensor Probabilities(Tensor logits, bool? sigmoid) => sigmoid ?? options.OutChannels == 1 ? logits.sigmoid() : logits.softmax(1);
}
