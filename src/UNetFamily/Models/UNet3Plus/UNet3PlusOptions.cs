namespace UNetFamily;

/// <summary>The choices of <see cref="UNet3Plus"/>. The defaults are those of the authors' code, ZJUGiveLab/UNet-Version, <c>models/UNet_3Plus.py</c>.</summary>
public sealed record UNet3PlusOptions : SegmentationModelOptions
{
    /// <summary>Channels of the encoder at each level, finest first.</summary>
    /// <value>64, 128, 256, 512, 1024.</value>
    public ValueList<long> Widths { get; init; } = [64, 128, 256, 512, 1024];

    /// <summary>Channels that each level brings to a decoder stage; a stage has as many times this number as there are levels.</summary>
    /// <value>64, so 320 with five levels.</value>
    public long SkipWidth { get; init; } = 64;

    /// <summary>The normalization after the encoder's convolutions.</summary>
    /// <value><see cref="Normalization.Batch"/>; <see cref="Normalization.None"/> is the code's <c>is_batchnorm=False</c>.</value>
    public Normalization EncoderNorm { get; init; } = Normalization.Batch;

    /// <summary>The normalization after the decoder's convolutions.</summary>
    /// <value><see cref="Normalization.Batch"/>.</value>
    public Normalization DecoderNorm { get; init; } = Normalization.Batch;

    /// <summary>Whether there are logits of every decoder stage and of the deepest level as well, all at full resolution.</summary>
    /// <value>False.</value>
    public bool DeepSupervision { get; init; }

    /// <summary>Whether a classifier at the deepest level decides for each sample whether there is anything to segment, and all logits are multiplied by its answer, 1 or 0 (the paper's classification-guided module).</summary>
    /// <value>False.</value>
    public bool ClassificationGuided { get; init; }

    /// <summary>The probability of dropout before the classifier, 0 to below 1; used with <see cref="ClassificationGuided"/>.</summary>
    /// <value>0.5.</value>
    public double ClassifierDropout { get; init; } = 0.5;

    /// <summary>How fresh weights are drawn.</summary>
    /// <value><see cref="Initialization.HeWithNoisyNorms"/>.</value>
    public Initialization Initialization { get; init; } = Initialization.HeWithNoisyNorms;

    /// <summary>The form of the authors' code.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="deepSupervision">Whether every stage has logits (<c>UNet_3Plus_DeepSup</c>).</param>
    /// <param name="classificationGuided">Whether a classifier switches samples off (with deep supervision, <c>UNet_3Plus_DeepSup_CGM</c>).</param>
    /// <param name="baseWidth">Channels of the finest level and of a skip; 64 there.</param>
    public static UNet3PlusOptions Official(long inChannels = 3, long outChannels = 1, bool deepSupervision = false, bool classificationGuided = false, long baseWidth = 64) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        Widths = [baseWidth, 2 * baseWidth, 4 * baseWidth, 8 * baseWidth, 16 * baseWidth],
        SkipWidth = baseWidth,
        DeepSupervision = deepSupervision,
        ClassificationGuided = classificationGuided,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [UNet3PlusKeyMaps.Official(this)];

    internal override IReadOnlyList<KeyRule.Drop> OptionalHeads => [new("^heads.{i}"), new("^classifier")];

    /// <inheritdoc/>
    public override UNet3Plus Build() => new(this);

    internal int Depth => Widths.Count - 1;

    /// <summary>Channels of a decoder stage.</summary>
    internal long FusedWidth => SkipWidth * Widths.Count;

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 2) yield return $"Widths needs two levels or more, has {Widths.Count}.";
        if (SkipWidth < 1) yield return $"SkipWidth must be positive, is {SkipWidth}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
        else if (EncoderNorm.Problem(Widths) is { } encoderMisfit) yield return $"EncoderNorm: {encoderMisfit}";
        if (SkipWidth > 0 && DecoderNorm.Problem(SkipWidth, FusedWidth) is { } decoderMisfit) yield return $"DecoderNorm: {decoderMisfit}";
        if (ClassifierDropout is not (>= 0 and < 1)) yield return $"ClassifierDropout must be from 0 to below 1, is {ClassifierDropout}.";
    }
}
