namespace UNetFamily;

/// <summary>
/// The choices of <see cref="UNetPlusPlus"/>. The defaults are those of the form in common use, <see cref="Nested"/>; <see cref="Keras"/> is the
/// authors' first, and <see cref="NnUNet"/> their later one. Lists with one entry for each level may hold a single one that stands for all.
/// </summary>
public sealed record UNetPlusPlusOptions : SegmentationModelOptions
{
    /// <summary>Channels of the nodes of each level, finest first; their number less one is the depth.</summary>
    /// <value>32, 64, 128, 256, 512.</value>
    public ValueList<long> Widths { get; init; } = [32, 64, 128, 256, 512];

    /// <summary>
    /// The branch that the network ends in, 1 to the depth: it holds the nodes X(i,j) with i + j up to it and no others (the paper's UNet++ L1 to L4).
    /// <see cref="UNetPlusPlus.Prune"/> sets it.
    /// </summary>
    /// <value>Null: the depth, that is all nodes.</value>
    public int? Level { get; init; }

    /// <summary>Dense skips make UNet++, plain ones the U-Net that it is compared with.</summary>
    /// <value><see cref="NestedSkips.Dense"/>.</value>
    public NestedSkips Skips { get; init; } = NestedSkips.Dense;

    /// <summary>
    /// Whether every branch X(0,1), X(0,2) … has a head, which training on all of them, pruning and the mean of the branches need. Otherwise the last alone has one.
    /// </summary>
    /// <value>False.</value>
    public bool DeepSupervision { get; init; }

    /// <summary>Convolutions in X(i,0), a number for each level.</summary>
    /// <value>2.</value>
    public ValueList<long> EncoderConvs { get; init; } = [2];

    /// <summary>Convolutions in each X(i,j), j > 0.</summary>
    /// <value>2.</value>
    public long DecoderConvs { get; init; } = 2;

    /// <summary>The kernel of X(i,0), one for each level; odd on every axis.</summary>
    /// <value>3.</value>
    public ValueList<Extent> Kernels { get; init; } = [3];

    /// <summary>The kernel of X(i,j), j > 0, one for each level but the deepest.</summary>
    /// <value>Null: that of the encoder's level.</value>
    public ValueList<Extent>? DecoderKernels { get; init; }

    /// <summary>The factor in size from each level to the next, one for each step down.</summary>
    /// <value>2.</value>
    public ValueList<Extent> Strides { get; init; } = [2];

    /// <summary>How the encoder goes down.</summary>
    /// <value><see cref="Downsampling.MaxPool"/>.</value>
    public Downsampling Downsampling { get; init; } = Downsampling.MaxPool;

    /// <summary>How nodes raise the map from below. Where it can change channels, it brings them to the width of the row.</summary>
    /// <value><see cref="Upsampling.Interpolated"/>.</value>
    public Upsampling Upsampling { get; init; } = Upsampling.Interpolated;

    /// <summary>Which comes first where a node concatenates: it matters only for the order of weights.</summary>
    /// <value><see cref="ConcatOrder.SkipFirst"/>, as in the paper's Eq. 1.</value>
    public ConcatOrder Concat { get; init; } = ConcatOrder.SkipFirst;

    /// <summary>The normalization after every convolution.</summary>
    /// <value><see cref="Normalization.Batch"/>.</value>
    public Normalization Norm { get; init; } = Normalization.Batch;

    /// <summary>The activation after every convolution.</summary>
    /// <value><see cref="Activation.ReLU"/>.</value>
    public Activation Activation { get; init; } = Activation.ReLU;

    /// <summary>Whether norm or activation comes first.</summary>
    /// <value><see cref="ConvOrder.ConvNormAct"/>.</value>
    public ConvOrder Order { get; init; } = ConvOrder.ConvNormAct;

    /// <summary>Whether convolutions learn a bias; the originals do, even before a norm that cancels it.</summary>
    /// <value>True.</value>
    public bool ConvBias { get; init; } = true;

    /// <summary>Whether the heads learn a bias.</summary>
    /// <value>True.</value>
    public bool HeadBias { get; init; } = true;

    /// <summary>The dropout at every convolution.</summary>
    /// <value><see cref="Regularization.None"/>.</value>
    public Regularization Dropout { get; init; } = Regularization.None;

    /// <summary>Whether dropout comes after the activation, as in the authors' Keras form; otherwise directly after the convolution, as in nnU-Net.</summary>
    /// <value>False.</value>
    public bool DropoutLast { get; init; }

    /// <summary>Whether the nodes X(i,j), j > 0, have dropout as well.</summary>
    /// <value>True.</value>
    public bool DropoutInDecoder { get; init; } = true;

    /// <summary>How fresh weights are drawn.</summary>
    /// <value><see cref="Initialization.Default"/>.</value>
    public Initialization Initialization { get; init; } = Initialization.Default;

    /// <summary>The levels below the finest.</summary>
    internal int Depth => Widths.Count - 1;

    /// <summary>The branch that the network ends in.</summary>
    internal int LastLevel => Level ?? Depth;

    /// <summary>The form that is used most, NestedUNet of 4uiiurz1/pytorch-nested-unet: batch normalization, bilinear upsampling.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="deepSupervision">Whether every branch has a head.</param>
    public static UNetPlusPlusOptions Nested(long inChannels = 3, long outChannels = 1, bool deepSupervision = false) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        DeepSupervision = deepSupervision,
    };

    /// <summary>
    /// The authors' Keras form, the network of the 2018 paper: no norm, dropout of one half, transposed convolutions, raised map first. Its sigmoid is left out,
    /// as everywhere here.
    /// </summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="deepSupervision">Whether every branch has a head.</param>
    public static UNetPlusPlusOptions Keras(long inChannels = 1, long outChannels = 1, bool deepSupervision = false) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        DeepSupervision = deepSupervision,
        Norm = Normalization.None,
        Upsampling = Upsampling.Transposed,
        Concat = ConcatOrder.UpFirst,
        Dropout = Regularization.Dropout(0.5),
        DropoutLast = true,
        Initialization = Initialization.He(),
    };

    /// <summary>
    /// The authors' later form, Generic_UNetPlusPlus on nnU-Net: strided convolutions, instance normalization, leaky ReLU, transposed convolutions and heads without bias. As there,
    /// a decoder node has the kernel of the encoder's next level.
    /// </summary>
    /// <param name="dims">The rank.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="baseWidth">Channels of the finest level; they double from level to level, up to <paramref name="maxWidth"/>.</param>
    /// <param name="maxWidth">The most channels of a level below the finest; 480 for images and 320 for volumes when left out.</param>
    /// <param name="strides">The factor from each level to the next; five times 2 when left out. The original takes five, no more and no fewer.</param>
    /// <param name="kernels">The kernel of each level of the encoder, one more than the strides; 3 when left out.</param>
    /// <param name="convs">Convolutions in a level; as in the original the deepest level and the decoder's nodes have two where this is one.</param>
    /// <param name="deepSupervision">Whether every branch has a head.</param>
    public static UNetPlusPlusOptions NnUNet(SpatialDims dims, long inChannels, long outChannels, long baseWidth = 32, long? maxWidth = null,
        ValueList<Extent>? strides = null, ValueList<Extent>? kernels = null, long convs = 2, bool deepSupervision = true)
    {
        var steps = strides ?? [2, 2, 2, 2, 2];
        var cap = maxWidth ?? (dims is SpatialDims.Two ? 480 : 320);
        return new()
        {
            InChannels = inChannels,
            OutChannels = outChannels,
            SpatialDims = dims,
            Widths = Doubling(baseWidth, cap, steps.Count),
            DeepSupervision = deepSupervision,
            EncoderConvs = [.. Enumerable.Repeat(convs, steps.Count), Math.Max(2, convs)],
            DecoderConvs = Math.Max(2, convs),
            Kernels = kernels ?? [3],
            DecoderKernels = kernels is { Count: > 1 } ? kernels[1..] : null,
            Strides = steps,
            Downsampling = Downsampling.StridedConv,
            Upsampling = Upsampling.TransposedWithoutBias,
            Norm = Normalization.Instance,
            Activation = Activation.LeakyReLU(),
            HeadBias = false,
            DropoutInDecoder = false,
            Initialization = Initialization.He(slope: 0.01),
        };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [UNetPlusPlusKeyMaps.Nested(this), .. UNetPlusPlusKeyMaps.Supervised(this), UNetPlusPlusKeyMaps.Keras(this), UNetPlusPlusKeyMaps.NnUNet(this)];

    internal override IReadOnlyList<KeyRule.Drop> OptionalHeads => [new("^heads.x{i}_{k}")];

    /// <inheritdoc/>
    public override UNetPlusPlus Build() => new(this);

    internal long EncoderConvsAt(int level) => At(EncoderConvs, level);

    internal Extent KernelAt(int level) => At(Kernels, level);

    internal Extent DecoderKernelAt(int level) => DecoderKernels is { } kernels ? At(kernels, level) : KernelAt(level);

    /// <summary>The factor between a level and the next.</summary>
    internal Extent StrideBelow(int level) => At(Strides, level);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 2) yield return $"Widths needs two levels or more, has {Widths.Count}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
        else if (Norm.Problem(Widths) is { } misfit) yield return $"Norm: {misfit}";
        if (Level < 1 || Level > Depth) yield return $"Level must be 1 to {Depth}, the depth, is {Level}.";
        if (Skips is NestedSkips.Plain && DeepSupervision) yield return "DeepSupervision needs Skips = Dense: with Plain the last branch is the only one.";
        if (EncoderConvs.Any(convs => convs < 1) || DecoderConvs < 1) yield return $"EncoderConvs and DecoderConvs must be positive, are {EncoderConvs} and {DecoderConvs}.";

        if (LengthProblem(nameof(EncoderConvs), EncoderConvs.Count, Widths.Count, "level") is { } convsProblem) yield return convsProblem;
        if (LengthProblem(nameof(Kernels), Kernels.Count, Widths.Count, "level") is { } kernelsProblem) yield return kernelsProblem;
        if (LengthProblem(nameof(Strides), Strides.Count, Depth, "step down") is { } stridesProblem) yield return stridesProblem;
        if (DecoderKernels is not null && LengthProblem(nameof(DecoderKernels), DecoderKernels.Count, Depth, "level but the deepest") is { } decoderProblem) yield return decoderProblem;

        foreach (var kernel in Kernels.Concat(DecoderKernels ?? []).Distinct().Where(kernel => !kernel.IsOdd || !kernel.Fits(SpatialDims)))
            yield return $"Kernels must be odd, with 1 or {(int)SpatialDims} numbers; one is {kernel}.";
        foreach (var stride in Strides.Distinct().Where(stride => !stride.All(side => side > 0) || !stride.Fits(SpatialDims)))
            yield return $"Strides must be positive, with 1 or {(int)SpatialDims} numbers; one is {stride}.";

        if (!Enum.IsDefined(Skips)) yield return $"Skips must be Dense or Plain, is {(int)Skips}.";
        if (!Enum.IsDefined(Downsampling)) yield return $"Downsampling must be MaxPool or StridedConv, is {(int)Downsampling}.";
        if (!Enum.IsDefined(Concat)) yield return $"Concat must be SkipFirst or UpFirst, is {(int)Concat}.";
        if (!Enum.IsDefined(Order)) yield return $"Order must be ConvNormAct or ConvActNorm, is {(int)Order}.";
    }

    private static T At<T>(ValueList<T> values, int index) => values[values.Count == 1 ? 0 : index];

    private static string? LengthProblem(string name, int count, int expected, string what) =>
        count == 1 || count == expected ? null : $"{name} needs one entry for all or {expected}, one for each {what}; it has {count}.";

    private static ValueList<long> Doubling(long first, long cap, int times)
    {
        var widths = new List<long> { first };
        while (widths.Count <= times) widths.Add(Math.Min(2 * widths[^1], cap));
        return [.. widths];
    }
}
