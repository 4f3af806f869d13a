namespace UNetFamily;

/// <summary>
/// The choices of <see cref="AttentionUNet"/>. The defaults are the widely used 2D form of LeeJunHyun/Image_Segmentation; <see cref="Monai"/> is MONAI's, <see cref="OktayCt"/> and <see cref="OktayGrid"/> are
/// those of the paper's authors.
/// </summary>
public sealed record AttentionUNetOptions : SegmentationModelOptions
{
    /// <summary>Channels at each level, finest first.</summary>
    /// <value>64, 128, 256, 512, 1024.</value>
    public ValueList<long> Widths { get; init; } = [64, 128, 256, 512, 1024];

    /// <summary>The factor from each level to the next; one entry stands for all. With <see cref="AttentionUpsampling.TransposedConv"/> it is the same on all axes.</summary>
    /// <value>2.</value>
    public ValueList<Extent> Strides { get; init; } = [2];

    /// <summary>How the encoder goes down.</summary>
    /// <value><see cref="Downsampling.MaxPool"/>; MONAI's form has strides.</value>
    public Downsampling Downsampling { get; init; } = Downsampling.MaxPool;

    /// <summary>How the decoder goes up.</summary>
    /// <value><see cref="AttentionUpsampling.NearestConv"/>.</value>
    public AttentionUpsampling Upsampling { get; init; } = AttentionUpsampling.NearestConv;

    /// <summary>The kernel of transposed convolutions, odd.</summary>
    /// <value>3.</value>
    public Extent UpKernel { get; init; } = 3;

    /// <summary>The kernel of all other convolutions but the pointwise ones, odd.</summary>
    /// <value>3.</value>
    public Extent Kernel { get; init; } = 3;

    /// <summary>What a level consists of.</summary>
    /// <value><see cref="AttentionUNetUnit.DoubleConv"/>.</value>
    public AttentionUNetUnit Unit { get; init; } = AttentionUNetUnit.DoubleConv;

    /// <summary>How many times a recurrent convolution is applied again; used with <see cref="AttentionUNetUnit.RecurrentResidual"/>.</summary>
    /// <value>2.</value>
    public long RecurrentSteps { get; init; } = 2;

    /// <summary>What follows where skip and raised map are joined.</summary>
    /// <value><see cref="AttentionMerge.Unit"/>.</value>
    public AttentionMerge Merge { get; init; } = AttentionMerge.Unit;

    /// <summary>What happens to the skips.</summary>
    /// <value><see cref="SkipAttention.Additive"/>.</value>
    public SkipAttention Attention { get; init; } = SkipAttention.Additive;

    /// <summary>How many gates a skip passes side by side, whose results are then combined by a 1x1 convolution with norm and ReLU; used with <see cref="SkipAttention.Grid"/>. Null: one, whose result goes on as it is.</summary>
    /// <value>Null; the authors' multi-gate network has 2.</value>
    public long? CombinedGates { get; init; }

    /// <summary>How many positions of a skip make a cell of the gate's grid; used with <see cref="SkipAttention.Grid"/>.</summary>
    /// <value>2.</value>
    public Extent GridStride { get; init; } = 2;

    /// <summary>Whether all gates get the signal of the deepest level, else each that of the level below it; used with <see cref="SkipAttention.Grid"/>.</summary>
    /// <value>False.</value>
    public bool SharedSignal { get; init; }

    /// <summary>Whether logits are made at every level of the decoder, brought to full size and fused by the last convolution: the authors' deep supervision, with one output.</summary>
    /// <value>False.</value>
    public bool FusedHeads { get; init; }

    /// <summary>The normalization after convolutions, which have biases all the same, as in the originals.</summary>
    /// <value><see cref="Normalization.Batch"/>.</value>
    public Normalization Norm { get; init; } = Normalization.Batch;

    /// <summary>The probability of dropout after every activation of the encoder and of merges, 0 to below 1.</summary>
    /// <value>0.</value>
    public double Dropout { get; init; }

    /// <summary>How fresh weights are drawn.</summary>
    /// <value><see cref="Initialization.Default"/>; the authors' networks have <see cref="Initialization.HeWithNoisyNorms"/>.</value>
    public Initialization Initialization { get; init; } = Initialization.Default;

    /// <summary>MONAI's <c>AttentionUnet</c>: the encoder goes down by strides, the decoder up by transposed convolutions.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="widths">Channels at each level (<c>channels</c>).</param>
    /// <param name="strides">The factor from each level to the next; 2 when left out.</param>
    /// <param name="upKernel">The kernel of the transposed convolutions (<c>up_kernel_size</c>).</param>
    /// <param name="dropout">The probability of dropout.</param>
    public static AttentionUNetOptions Monai(SpatialDims dims, long inChannels, long outChannels, ValueList<long> widths, ValueList<Extent>? strides = null, Extent? upKernel = null, double dropout = 0) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        SpatialDims = dims,
        Widths = widths,
        Strides = strides ?? [2],
        Downsampling = Downsampling.StridedConv,
        Upsampling = AttentionUpsampling.TransposedConv,
        UpKernel = upKernel ?? 3,
        Merge = AttentionMerge.SingleConv,
        Dropout = dropout,
    };

    /// <summary>The paper's authors' networks for CT volumes, with fused heads.</summary>
    /// <param name="inChannels">Channels of the input; 1 in the paper.</param>
    /// <param name="outChannels">Channels of the logits; 4 in the paper.</param>
    /// <param name="gates">Gates on a skip: 2 (<c>unet_CT_multi_att_dsv_3D</c>), 1 (<c>unet_CT_single_att_dsv_3D</c>) or 0 (<c>unet_CT_dsv_3D</c>).</param>
    /// <param name="featureScale">What the widths 64 to 1024 are divided by (<c>feature_scale</c>).</param>
    public static AttentionUNetOptions OktayCt(long inChannels, long outChannels, long gates = 2, long featureScale = 4) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        SpatialDims = SpatialDims.Three,
        Widths = Scaled(featureScale),
        Upsampling = AttentionUpsampling.Linear,
        Attention = gates == 0 ? SkipAttention.None : SkipAttention.Grid,
        CombinedGates = gates == 0 ? null : gates,
        FusedHeads = true,
        Initialization = Initialization.HeWithNoisyNorms,
    };

    /// <summary>The paper's authors' <c>unet_grid_attention_3D</c>: volumes whose last axis is neither pooled nor convolved, and one signal for all gates.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="featureScale">What the widths 64 to 1024 are divided by (<c>feature_scale</c>).</param>
    public static AttentionUNetOptions OktayGrid(long inChannels, long outChannels, long featureScale = 4) => OktayCt(inChannels, outChannels, gates: 1, featureScale) with
    {
        Kernel = (3, 3, 1),
        Strides = [(2, 2, 1)],
        CombinedGates = null,
        SharedSignal = true,
        FusedHeads = false,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [AttentionUNetKeyMaps.ImageSegmentation(this), AttentionUNetKeyMaps.Monai(this), AttentionUNetKeyMaps.Oktay(this)];

    /// <inheritdoc/>
    public override AttentionUNet Build() => new(this);

    internal int Depth => Widths.Count - 1;

    /// <summary>The factor between a level and the next.</summary>
    internal Extent StrideBelow(int level) => Strides[Strides.Count == 1 ? 0 : level];

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 2) yield return $"Widths needs two levels or more, has {Widths.Count}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
        else if (Norm.Problem(NormWidths()) is { } misfit) yield return $"Norm: {misfit}";

        if (Strides.Count != 1 && Strides.Count != Depth) yield return $"Strides needs one entry for all or {Depth}, one for each step down; it has {Strides.Count}.";
        foreach (var stride in Strides.Distinct().Where(stride => !stride.All(side => side > 0) || !stride.Fits(SpatialDims)))
            yield return $"Strides must be positive, with 1 or {(int)SpatialDims} numbers; one is {stride}.";
        if (Upsampling is AttentionUpsampling.TransposedConv)
        {
            foreach (var stride in Strides.Distinct().Where(stride => stride.Fits(SpatialDims) && stride.Along(SpatialDims).Distinct().Count() > 1))
                yield return $"Strides must be the same on all axes where Upsampling is TransposedConv; one is {stride}. Nearest: {stride.Along(SpatialDims).Max()}.";
        }
        foreach (var (name, kernel) in new[] { (nameof(Kernel), Kernel), (nameof(UpKernel), UpKernel) })
            if (!kernel.IsOdd || !kernel.Fits(SpatialDims)) yield return $"{name} must be odd, with 1 or {(int)SpatialDims} numbers, is {kernel}.";
        if (!GridStride.All(side => side > 0) || !GridStride.Fits(SpatialDims)) yield return $"GridStride must be positive, with 1 or {(int)SpatialDims} numbers, is {GridStride}.";
        if (RecurrentSteps < 1) yield return $"RecurrentSteps must be positive, is {RecurrentSteps}.";
        if (CombinedGates < 1) yield return $"CombinedGates must be positive, is {CombinedGates}.";
        if (Attention is not SkipAttention.Grid && (CombinedGates is not null || SharedSignal)) yield return $"CombinedGates and SharedSignal belong to Attention = Grid, which is {Attention}.";
        if (Dropout is not (>= 0 and < 1)) yield return $"Dropout must be from 0 to below 1, is {Dropout}.";
        if (Dropout > 0 && Unit is AttentionUNetUnit.RecurrentResidual) yield return "Dropout belongs to Unit = DoubleConv, and Unit is RecurrentResidual.";
        if (Downsampling is Downsampling.StridedConv && Unit is AttentionUNetUnit.RecurrentResidual) yield return "Downsampling must be MaxPool where Unit is RecurrentResidual, which has no stride.";

        if (!Enum.IsDefined(Downsampling)) yield return $"Downsampling must be MaxPool or StridedConv, is {(int)Downsampling}.";
        if (!Enum.IsDefined(Upsampling)) yield return $"Upsampling must be NearestConv, TransposedConv or Linear, is {(int)Upsampling}.";
        if (!Enum.IsDefined(Unit)) yield return $"Unit must be DoubleConv or RecurrentResidual, is {(int)Unit}.";
        if (!Enum.IsDefined(Merge)) yield return $"Merge must be Unit or SingleConv, is {(int)Merge}.";
        if (!Enum.IsDefined(Attention)) yield return $"Attention must be None, Additive or Grid, is {(int)Attention}.";
    }

    /// <summary>The channels in which an additive gate compares skip and signal.</summary>
    internal static long Between(long width) => Math.Max(1, width / 2);

    // An additive gate also normalizes its weight, of one channel.
    private ValueList<long> NormWidths() => Attention is SkipAttention.Additive ? [.. Widths, .. Widths.SkipLast(1).Select(Between), 1] : Widths;

    private static ValueList<long> Scaled(long divisor) => [64 / divisor, 128 / divisor, 256 / divisor, 512 / divisor, 1024 / divisor];
}
