namespace UNetFamily;

/// <summary>
/// The choices of <see cref="UnetrPlusPlus"/>. The authors published four networks that differ: <see cref="Synapse"/>, <see cref="Acdc"/>, <see cref="Lung"/> and
/// <see cref="Tumor"/>. The defaults are those of the first, with attention to tokens in their order, as the paper describes it.
/// </summary>
public sealed record UnetrPlusPlusOptions : SegmentationModelOptions
{
    /// <summary>Stages of the encoder: the finest grid is halved three times.</summary>
    internal const int Levels = 4;

    /// <summary>Options for volumes, until <see cref="SegmentationModelOptions.SpatialDims"/> says otherwise.</summary>
    public UnetrPlusPlusOptions() => SpatialDims = SpatialDims.Three;

    /// <summary>
    /// The size of the input, (D, H, W) or (H, W): the only one that the network takes. Each side is a multiple of eight times the patch's.
    /// </summary>
    public required Extent ImageSize { get; init; }

    /// <summary>The patch that becomes one token of the first stage: kernel and stride of the stem.</summary>
    /// <value>4; the published networks have (2, 4, 4), (1, 4, 4) and (4, 4, 4).</value>
    public Extent PatchSize { get; init; } = 4;

    /// <summary>Channels at full resolution; the stages have 2, 4, 8 and 16 times as many.</summary>
    /// <value>16.</value>
    public long FeatureSize { get; init; } = 16;

    /// <summary>Transformer blocks in each of the four stages of the encoder, finest first.</summary>
    /// <value>3, 3, 3, 3.</value>
    public ValueList<long> Depths { get; init; } = [3, 3, 3, 3];

    /// <summary>Transformer blocks in each of the three coarse stages of the decoder.</summary>
    /// <value>3.</value>
    public int DecoderDepth { get; init; } = 3;

    /// <summary>Heads of the attention; they must divide twice the feature size.</summary>
    /// <value>4.</value>
    public long Heads { get; init; } = 4;

    /// <summary>Heads of the decoder's attention.</summary>
    /// <value>Null: as <see cref="Heads"/>. The published networks have 4 there, whatever the encoder has.</value>
    public long? DecoderHeads { get; init; }

    /// <summary>To how many tokens the attention projects in each stage of the encoder, finest first.</summary>
    /// <value>64, 64, 64, 32.</value>
    public ValueList<long> ProjectedTokens { get; init; } = [64, 64, 64, 32];

    /// <summary>To how many tokens the attention projects in the decoder.</summary>
    /// <value>64.</value>
    public long DecoderProjectedTokens { get; init; } = 64;

    /// <summary>How the attention projects keys and spatial values.</summary>
    /// <value><see cref="TokenProjection.Shared"/>.</value>
    public TokenProjection Projection { get; init; } = TokenProjection.Shared;

    /// <summary>How the attention joins its branches.</summary>
    /// <value><see cref="BranchFusion.Concat"/>.</value>
    public BranchFusion Fusion { get; init; } = BranchFusion.Concat;

    /// <summary>Whether the spatial branch mixes tokens as the published code does; see <see cref="PairedAttentionOptions.ScrambledTokens"/>.</summary>
    /// <value>False; true in the four published networks, whose weights need it.</value>
    public bool ScrambledTokens { get; init; }

    /// <summary>Residual convolution blocks at the end of each transformer block.</summary>
    /// <value>1; the networks for ACDC and Lung have 2.</value>
    public int ResidualBlocks { get; init; } = 1;

    /// <summary>The probability of dropout on both maps of the attention, 0 to below 1.</summary>
    /// <value>0.1; the network for Synapse has 0.15.</value>
    public double AttentionDropout { get; init; } = 0.1;

    /// <summary>The probability of dropping whole channels before the last convolution of a transformer block, 0 to below 1.</summary>
    /// <value>0.1.</value>
    public double Dropout { get; init; } = 0.1;

    /// <summary>The normalization of the two residual blocks at full resolution.</summary>
    /// <value><see cref="Normalization.InstanceWithoutAffine"/>.</value>
    public Normalization Norm { get; init; } = Normalization.InstanceWithoutAffine;

    /// <summary>
    /// How many channels of the input, from the first on, the stem sees. The published classes always give it one (Tumor: four), whatever they are told,
    /// and run with no other number.
    /// </summary>
    /// <value>Null: all.</value>
    public long? StemChannels { get; init; }

    /// <summary>Groups of the norm after the stem; they must divide twice the feature size.</summary>
    /// <value>Null: one for each channel that the stem sees, as published.</value>
    public long? StemGroups { get; init; }

    /// <summary>Whether the output holds two coarser maps: at the size of the stem's grid and half of it.</summary>
    /// <value>False; true in the four published networks.</value>
    public bool DeepSupervision { get; init; }

    /// <summary>Channels that the stem sees.</summary>
    internal long StemInput => StemChannels ?? InChannels;

    /// <summary>The published network for the Synapse multi-organ CT data: volumes of (64, 128, 128), 42,952,850 parameters.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits; 14 in the published code.</param>
    public static UnetrPlusPlusOptions Synapse(long inChannels = 1, long outChannels = 14) => Published(inChannels, outChannels, (64, 128, 128), (2, 4, 4)) with { AttentionDropout = 0.15 };

    /// <summary>The published network for the ACDC cardiac MRI data: volumes of (16, 160, 160), 66,796,404 parameters.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits; 4 in the published code.</param>
    public static UnetrPlusPlusOptions Acdc(long inChannels = 1, long outChannels = 4) => Published(inChannels, outChannels, (16, 160, 160), (1, 4, 4)) with
    {
        Projection = TokenProjection.Separate,
        ResidualBlocks = 2,
    };

    /// <summary>The published network for the lung task of the Medical Segmentation Decathlon: volumes of (32, 192, 192), 121,174,798 parameters.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits; 2 in the published code.</param>
    public static UnetrPlusPlusOptions Lung(long inChannels = 1, long outChannels = 2) => Acdc(inChannels, outChannels) with { ImageSize = (32, 192, 192) };

    /// <summary>The published network for the BraTS brain tumour data: volumes of (128, 128, 128), 42,647,604 parameters.</summary>
    /// <param name="inChannels">Channels of the input; 4 in the published code.</param>
    /// <param name="outChannels">Channels of the logits; 4 in the published code.</param>
    public static UnetrPlusPlusOptions Tumor(long inChannels = 4, long outChannels = 4) => Published(inChannels, outChannels, (128, 128, 128), (4, 4, 4)) with
    {
        Projection = TokenProjection.SharedMatrix,
        Fusion = BranchFusion.Sum,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [UnetrPlusPlusKeyMaps.Official(Projection)];

    internal override IReadOnlyList<KeyRule.Drop> OptionalHeads => [new("^auxiliary.{i}")];

    /// <inheritdoc/>
    public override UnetrPlusPlus Build() => new(this);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (FeatureSize < 1) yield return $"FeatureSize must be positive, is {FeatureSize}.";
        else if (Norm.Problem(FeatureSize) is { } misfit) yield return $"Norm: {misfit}";
        if (!Enum.IsDefined(SpatialDims)) yield break;

        if (ImageProblem() is { } image) yield return image;
        if (Depths.Count != Levels || Depths.Any(depth => depth < 1)) yield return $"Depths needs {Levels} positive numbers, is {Depths}.";
        if (ProjectedTokens.Count != Levels || ProjectedTokens.Any(projected => projected < 1)) yield return $"ProjectedTokens needs {Levels} positive numbers, is {ProjectedTokens}.";
        if (DecoderProjectedTokens < 1) yield return $"DecoderProjectedTokens must be positive, is {DecoderProjectedTokens}.";
        if (!Enum.IsDefined(Projection)) yield return $"Projection must be Shared, Separate or SharedMatrix, is {(int)Projection}.";
        if (!Enum.IsDefined(Fusion)) yield return $"Fusion must be Concat or Sum, is {(int)Fusion}.";
        if (DecoderDepth < 1) yield return $"DecoderDepth must be positive, is {DecoderDepth}.";
        if (ResidualBlocks < 1) yield return $"ResidualBlocks must be positive, is {ResidualBlocks}.";
        if (AttentionDropout is not (>= 0 and < 1)) yield return $"AttentionDropout must be from 0 to below 1, is {AttentionDropout}.";
        if (Dropout is not (>= 0 and < 1)) yield return $"Dropout must be from 0 to below 1, is {Dropout}.";
        if (StemChannels is { } seen && (seen < 1 || seen > InChannels)) yield return $"StemChannels must be from 1 to InChannels, {InChannels}, is {seen}.";
        if (FeatureSize < 1 || InChannels < 1) yield break;

        if (Indivisible(nameof(Heads), Heads) is { } heads) yield return heads;
        if (DecoderHeads is { } count && Indivisible(nameof(DecoderHeads), count) is { } decoderHeads) yield return decoderHeads;
        if (StemGroups is { } groups && Indivisible(nameof(StemGroups), groups) is { } stemGroups) yield return stemGroups;
        if (StemGroups is null && StemInput >= 1 && Width(0) % StemInput != 0)
            yield return $"The norm after the stem has a group for each of its {StemInput} channels, which don't divide {Width(0)}. Set StemGroups, for example to {PairedAttentionOptions.NearestDivisor(Width(0), StemInput)}.";

        string? Indivisible(string name, long number) => number >= 1 && Width(0) % number == 0 ? null
            : $"{name} must divide {Width(0)}, the channels of the first stage, is {number}. Nearest: {PairedAttentionOptions.NearestDivisor(Width(0), number)}.";
    }

    /// <summary>Channels of a stage, 0 being the finest.</summary>
    internal long Width(int level) => FeatureSize << (level + 1);

    /// <summary>The token grid of a stage, 0 being the finest.</summary>
    internal Extent Grid(int level) => Extent.Of([.. ImageSize.Along(SpatialDims).Zip(PatchSize.Along(SpatialDims), (side, patch) => side / patch >> level)]);

    /// <summary>The transformer blocks of a stage.</summary>
    internal Sequential TransformerStage(int level, int depth, long heads, long projected) => nn.Sequential([.. Enumerable.Range(0, depth).Select(_ =>
        new TransformerBlock(SpatialDims, Width(level), Grid(level), Attention(heads, projected), ResidualBlocks, Dropout))]);

    /// <summary>A residual block at full resolution (<c>UnetResBlock</c> of the published code).</summary>
    internal BasicBlockD Residual(long from, long to) => new(SpatialDims, from, to, norm: Norm, activation: Activation.LeakyReLU(), bias: false);

    private PairedAttentionOptions Attention(long heads, long projected) => new()
    {
        Heads = heads,
        ProjectedTokens = projected,
        Projection = Projection,
        Fusion = Fusion,
        ChannelDropout = AttentionDropout,
        SpatialDropout = AttentionDropout,
        ScrambledTokens = ScrambledTokens,
    };

    private string? ImageProblem()
    {
        if (!PatchSize.Fits(SpatialDims)) return $"PatchSize {PatchSize} has {PatchSize.Axes} axes, the network has {(int)SpatialDims}.";
        if (!PatchSize.All(side => side > 0)) return $"PatchSize must be positive, is {PatchSize}.";
        if (!ImageSize.Fits(SpatialDims)) return $"ImageSize {ImageSize} has {ImageSize.Axes} axes, the network has {(int)SpatialDims}.";
        var sizes = InputSizes.MultiplesOf(SpatialDims, PatchSize.Select(side => side << (Levels - 1)));
        return sizes.Problem(ImageSize.Along(SpatialDims)) is { } problem ? $"ImageSize {ImageSize}: {problem}" : null;
    }

    private static UnetrPlusPlusOptions Published(long inChannels, long outChannels, Extent imageSize, Extent patchSize) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        ImageSize = imageSize,
        PatchSize = patchSize,
        DecoderHeads = 4,
        ScrambledTokens = true,
        DeepSupervision = true,
    };
}
