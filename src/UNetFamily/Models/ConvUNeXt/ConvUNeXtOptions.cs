namespace UNetFamily;

/// <summary>The choices of <see cref="ConvUNeXt"/>. The defaults are those of the authors' code, 1914669687/ConvUNeXt, <c>src/ConvUNeXt.py</c>.</summary>
public sealed record ConvUNeXtOptions : SegmentationModelOptions
{
    /// <summary>
    /// Channels at each level, finest first; the last is the bottleneck. With <see cref="Upsampling.Interpolated"/>, which can't reduce
    /// channels, the bottleneck keeps the width of the level above it, and the last entry is not used.
    /// </summary>
    /// <value>32, 64, 128, 256, 512.</value>
    public ValueList<long> Widths { get; init; } = [32, 64, 128, 256, 512];

    /// <summary>Blocks at each level of the encoder, finest first: the stem's, then the ratio 1:1:3:1 of the stages below it.</summary>
    /// <value>1, 1, 1, 3, 1.</value>
    public ValueList<long> Depths { get; init; } = [1, 1, 1, 3, 1];

    /// <summary>Blocks at each level of the decoder.</summary>
    /// <value>1.</value>
    public long DecoderDepth { get; init; } = 1;

    /// <summary>Every normalization of the network.</summary>
    /// <value><see cref="Normalization.Batch"/>; ConvNeXt itself has <see cref="Normalization.ChannelLayer"/>.</value>
    public Normalization Norm { get; init; } = Normalization.Batch;

    /// <summary>The kernel of the stem and of the depthwise convolutions, odd.</summary>
    /// <value>7.</value>
    public Extent Kernel { get; init; } = 7;

    /// <summary>How many times wider the middle of a block is.</summary>
    /// <value>4.</value>
    public long Expansion { get; init; } = 4;

    /// <summary>
    /// How the decoder doubles the size of a map. With <see cref="Upsampling.Transposed"/> the norm follows the transposed convolution: the authors' code
    /// builds that network (<c>bilinear=False</c>) with a norm of half as many channels as it is given, so it can't run; its shapes and names fit only this order.
    /// </summary>
    /// <value><see cref="Upsampling.Interpolated"/>.</value>
    public Upsampling Upsampling { get; init; } = Upsampling.Interpolated;

    /// <summary>The form of the authors' code.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="baseWidth">Channels at the finest level (<c>base_c</c>); each level below has twice as many.</param>
    /// <param name="bilinear">Whether maps are interpolated instead of convolved up.</param>
    public static ConvUNeXtOptions Official(long inChannels, long outChannels, long baseWidth = 32, bool bilinear = true) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        Widths = [baseWidth, 2 * baseWidth, 4 * baseWidth, 8 * baseWidth, 16 * baseWidth],
        Upsampling = bilinear ? Upsampling.Interpolated : Upsampling.Transposed,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [ConvUNeXtKeyMaps.Official];

    /// <inheritdoc/>
    public override ConvUNeXt Build() => new(this);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 2) yield return $"Widths needs two levels or more, has {Widths.Count}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
        else if (Norm.Problem(Widths) is { } problem) yield return $"Norm: {problem}";
        if (Depths.Count != Widths.Count) yield return $"Depths needs an entry for each of the {Widths.Count} Widths, has {Depths.Count}.";
        if (Depths.Any(depth => depth < 1)) yield return $"Depths must be positive, are {Depths}.";
        if (DecoderDepth < 1) yield return $"DecoderDepth must be positive, is {DecoderDepth}.";
        if (!Kernel.Fits(SpatialDims)) yield return $"Kernel {Kernel} does not have the {(int)SpatialDims} axes of SpatialDims.";
        if (!Kernel.IsOdd) yield return $"Kernel must be odd and positive, is {Kernel}.";
        if (Expansion < 1) yield return $"Expansion must be positive, is {Expansion}.";
    }
}
