namespace UNetFamily;

/// <summary>
/// The choices of <see cref="MedNeXt"/>. The defaults are MedNeXt-S with kernels of 3; <see cref="Scaled"/> is the paper's compound scaling,
/// and <see cref="Small"/>, <see cref="Base"/>, <see cref="Medium"/> and <see cref="Large"/> are the published points of it.
/// </summary>
public sealed record MedNeXtOptions : SegmentationModelOptions
{
    /// <summary>MedNeXt-S for volumes.</summary>
    public MedNeXtOptions() => SpatialDims = SpatialDims.Three;

    /// <summary>Channels of the finest level; each level below has twice as many.</summary>
    /// <value>32, as in every published variant.</value>
    public long Channels { get; init; } = 32;

    /// <summary>
    /// Blocks in each stage in the order of computation: the encoder from fine to coarse, the bottleneck, the decoder from coarse to fine. An odd
    /// number of stages, 9 in the paper, which is four halvings.
    /// </summary>
    /// <value>2 in each of 9 stages.</value>
    public ValueList<long> Depths { get; init; } = [2, 2, 2, 2, 2, 2, 2, 2, 2];

    /// <summary>
    /// The expansion of the blocks of each stage, in the order of <see cref="Depths"/>. The step down or up into a stage has that of the stage.
    /// </summary>
    /// <value>2 in each of 9 stages.</value>
    public ValueList<long> Expansions { get; init; } = [2, 2, 2, 2, 2, 2, 2, 2, 2];

    /// <summary>The depthwise kernel, odd on each axis.</summary>
    /// <value>3.</value>
    public Extent Kernel { get; init; } = 3;

    /// <summary>The kernel of the encoder's stages and steps down, where it differs from <see cref="Kernel"/>.</summary>
    /// <value>Null.</value>
    public Extent? EncoderKernel { get; init; }

    /// <summary>The kernel of the bottleneck, the decoder's stages and steps up, where it differs from <see cref="Kernel"/>.</summary>
    /// <value>Null.</value>
    public Extent? DecoderKernel { get; init; }

    /// <summary>The normalization after each depthwise convolution: <see cref="Normalization.GroupPerChannel"/> or <see cref="Normalization.ChannelLayer"/> in the original.</summary>
    /// <value><see cref="Normalization.GroupPerChannel"/>.</value>
    public Normalization Norm { get; init; } = Normalization.GroupPerChannel;

    /// <summary>Whether each block of a stage adds its input.</summary>
    /// <value>True.</value>
    public bool Residual { get; init; } = true;

    /// <summary>Whether the steps down and up add a pointwise convolution of their input.</summary>
    /// <value>True.</value>
    public bool ResamplingResidual { get; init; } = true;

    /// <summary>
    /// Whether a <see cref="GlobalResponseNorm"/> follows the activation in every block but the first step down, which is without one in the original's code
    /// (<c>mednextv1/MedNextV1.py</c>) and so in its weights.
    /// </summary>
    /// <value>False.</value>
    public bool ResponseNorm { get; init; }

    /// <summary>Whether the coarser levels, bottleneck included, give logits too (Fig. 1a).</summary>
    /// <value>False.</value>
    public bool DeepSupervision { get; init; }

    /// <summary>
    /// Whether training keeps only the input of each block and computes its inside again in the backward pass (<see cref="ActivationCheckpoint"/>): the
    /// same numbers with a fraction of the memory, for about a third more time. The original's <c>checkpoint_style="outside_block"</c>.
    /// </summary>
    /// <value>False.</value>
    public bool ActivationCheckpointing { get; init; }

    /// <summary>MedNeXt-S.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="kernel">The depthwise kernel: 3 or 5 as published; 3 when left out.</param>
    public static MedNeXtOptions Small(long inChannels, long outChannels, Extent? kernel = null) => Scaled(inChannels, outChannels, depth: 1, width: 1, kernel);

    /// <summary>MedNeXt-B.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="kernel">The depthwise kernel: 3 or 5 as published; 3 when left out.</param>
    public static MedNeXtOptions Base(long inChannels, long outChannels, Extent? kernel = null) => Scaled(inChannels, outChannels, depth: 1, width: 2, kernel);

    /// <summary>MedNeXt-M; with activation checkpointing, as published.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="kernel">The depthwise kernel: 3 or 5 as published; 3 when left out.</param>
    public static MedNeXtOptions Medium(long inChannels, long outChannels, Extent? kernel = null) =>
        Scaled(inChannels, outChannels, depth: 2, width: 2, kernel) with { ActivationCheckpointing = true };

    /// <summary>MedNeXt-L; with activation checkpointing, as published.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="kernel">The depthwise kernel: 3 or 5 as published; 3 when left out.</param>
    public static MedNeXtOptions Large(long inChannels, long outChannels, Extent? kernel = null) =>
        Scaled(inChannels, outChannels, depth: 4, width: 4, kernel) with { ActivationCheckpointing = true };

    /// <summary>
    /// Compound scaling: a MedNeXt of nine stages for a depth (blocks), a width (expansion) and a kernel. The coarse levels have <c>2 depth</c> blocks
    /// of expansion <c>2 width</c>; on the two finest levels, whose maps cost the most, both grow slower.
    /// <code>
    /// level          blocks            expansion
    /// 0 (finest)     min(2 depth, 3)   1 + log2 width, at least 2
    /// 1              min(2 depth, 4)   2 + log2 width
    /// 2, 3, 4        2 depth           2 width
    /// </code>
    /// (depth, width) is (1, 1) for S, (1, 2) for B, (2, 2) for M and (4, 4) for L; anything between and beyond is a network too. Fractions are rounded
    /// to the nearest number of blocks and the nearest expansion, at least 1; below a width of 1 no level is wider than <c>2 width</c>.
    /// </summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="depth">How many times as deep as MedNeXt-S; positive.</param>
    /// <param name="width">How many times as wide inside its blocks as MedNeXt-S; positive.</param>
    /// <param name="kernel">The receptive field: the depthwise kernel, odd on each axis; 3 when left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">Depth or width is not positive and finite.</exception>
    public static MedNeXtOptions Scaled(long inChannels, long outChannels, double depth = 1, double width = 1, Extent? kernel = null)
    {
        RequireFactor(depth, nameof(depth));
        RequireFactor(width, nameof(width));
        return new()
        {
            InChannels = inChannels,
            OutChannels = outChannels,
            Depths = PerStage(level => Rounded(Math.Min(2 * depth, level switch { 0 => 3, 1 => 4, _ => double.PositiveInfinity }))),
            Expansions = PerStage(level => Rounded(Math.Min(2 * width, level switch { 0 => Math.Max(2, 1 + Math.Log2(width)), 1 => 2 + Math.Log2(width), _ => double.PositiveInfinity }))),
            Kernel = kernel ?? 3,
        };

        static ValueList<long> PerStage(Func<int, long> ofLevel) => [.. new[] { 0, 1, 2, 3, 4, 3, 2, 1, 0 }.Select(ofLevel)];

        static long Rounded(double value) => Math.Max(1, (long)Math.Round(value, MidpointRounding.AwayFromZero));

        static void RequireFactor(double factor, string name)
        {
            if (!(factor > 0 && double.IsFinite(factor))) throw new ArgumentOutOfRangeException(name, Choice.Text(factor), $"{name} must be positive and finite; 1 is MedNeXt-S.");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [MedNeXtKeyMaps.Official];

    internal override IReadOnlyList<KeyRule.Drop> OptionalHeads => [new("^auxiliary.{i}")];

    /// <inheritdoc/>
    internal override MemoryLayout LayoutInTraining => Channels % PanelProduct.Lanes == 0 ? MemoryLayout.ChannelsLast : MemoryLayout.Contiguous;

    /// <inheritdoc/>
    public override MedNeXt Build() => new(this);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Channels < 1) yield return $"Channels must be positive, is {Channels}.";
        else if (Norm.Problem(Channels) is { } misfit) yield return $"Norm: {misfit}";
        if (Depths.Count < 3 || Depths.Count % 2 == 0) yield return $"Depths needs an odd number of stages, 3 or more (9 in the paper), has {Depths.Count}.";
        if (Depths.Any(depth => depth < 0)) yield return $"Depths must not be negative, are {Depths}.";
        if (Expansions.Count != Depths.Count) yield return $"Expansions needs one number for each of the {Depths.Count} stages of Depths, has {Expansions.Count}.";
        if (Expansions.Any(expansion => expansion < 1)) yield return $"Expansions must be positive, are {Expansions}.";
        foreach (var (name, kernel) in new[] { (nameof(Kernel), Kernel), (nameof(EncoderKernel), EncoderKernel ?? Kernel), (nameof(DecoderKernel), DecoderKernel ?? Kernel) }.DistinctBy(choice => choice.Item2))
        {
            if (!kernel.Fits(SpatialDims)) yield return $"{name} is {kernel}, {kernel.Axes} axes; the network has {(int)SpatialDims}.";
            else if (!kernel.All(n => n > 0 && n % 2 == 1)) yield return $"{name} must be odd and positive on each axis, is {kernel}; nearest: {kernel.Select(n => Math.Max(1, n + 1 - n % 2))}.";
        }
    }
}
