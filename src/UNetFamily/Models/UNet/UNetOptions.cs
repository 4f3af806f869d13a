namespace UNetFamily;

/// <summary>The choices of <see cref="UNet"/>. The defaults are today's usual form, that of milesial/Pytorch-UNet; <see cref="Paper2015"/> is the paper's.</summary>
public sealed record UNetOptions : SegmentationModelOptions
{
    /// <summary>
    /// Channels at each level, finest first; the last is the bottleneck (Fig. 1). With <see cref="Upsampling.Interpolated"/>, which can't reduce
    /// channels, the bottleneck keeps the width of the level above it, and the last entry is not used.
    /// </summary>
    /// <value>64, 128, 256, 512, 1024.</value>
    public ValueList<long> Widths { get; init; } = [64, 128, 256, 512, 1024];

    /// <summary>The normalization after every convolution; with one, convolutions have no bias.</summary>
    /// <value><see cref="Normalization.Batch"/>; the paper used none.</value>
    public Normalization Norm { get; init; } = Normalization.Batch;

    /// <summary>How the decoder doubles the size of a map.</summary>
    /// <value><see cref="Upsampling.Transposed"/>.</value>
    public Upsampling Upsampling { get; init; } = Upsampling.Transposed;

    /// <summary>
    /// Whether convolutions pad by one and so keep the size. Without (the paper), each takes two off every axis, skips are cropped,
    /// and the logits cover the centre of the input.
    /// </summary>
    /// <value>True.</value>
    public bool Padded { get; init; } = true;

    /// <summary>Which comes first where the decoder concatenates: it matters only for the order of weights.</summary>
    /// <value><see cref="ConcatOrder.SkipFirst"/>; the authors' release has <see cref="ConcatOrder.UpFirst"/>.</value>
    public ConcatOrder Concat { get; init; } = ConcatOrder.SkipFirst;

    /// <summary>The probability of dropout after the last two levels of the contracting path (Section 3.1), 0 to below 1.</summary>
    /// <value>0; the release has 0.5.</value>
    public double Dropout { get; init; }

    /// <summary>Whether a ReLU follows each transposed convolution: only in the authors' released network, <c>phseg_v5</c>.</summary>
    /// <value>False.</value>
    public bool UpActivation { get; init; }

    /// <summary>Channels of the last transposed convolution: 128 in <c>phseg_v5</c>. Left out, it is the width of its level.</summary>
    /// <value>Null.</value>
    public long? LastUpWidth { get; init; }

    /// <summary>How fresh weights are drawn.</summary>
    /// <value><see cref="Initialization.Default"/>; the paper asks for <see cref="Initialization.He"/>.</value>
    public Initialization Initialization { get; init; } = Initialization.Default;

    /// <summary>The form of milesial/Pytorch-UNet.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="bilinear">Whether maps are interpolated instead of convolved up; the decoder is then half as wide.</param>
    public static UNetOptions Milesial(long inChannels, long outChannels, bool bilinear = false) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        Upsampling = bilinear ? Upsampling.Interpolated : Upsampling.Transposed,
    };

    /// <summary>The network of the 2015 paper: no padding, no norm, biased convolutions, He initialization.</summary>
    /// <param name="inChannels">Channels of the input; 1 in the paper.</param>
    /// <param name="outChannels">Channels of the logits; 2 in the paper.</param>
    public static UNetOptions Paper2015(long inChannels = 1, long outChannels = 2) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        Norm = Normalization.None,
        Padded = false,
        Concat = ConcatOrder.UpFirst,
        Dropout = 0.5,
        Initialization = Initialization.He(),
    };

    /// <summary>The network that the authors released, <c>phseg_v5</c>: as <see cref="Paper2015"/>, with ReLU after up-convolutions, and the last of them twice as wide.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    public static UNetOptions Release2015(long inChannels = 1, long outChannels = 2) => Paper2015(inChannels, outChannels) with { UpActivation = true, LastUpWidth = 128 };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [UNetKeyMaps.Milesial, UNetKeyMaps.Caffe(this)];

    /// <inheritdoc/>
    public override UNet Build() => new(this);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 2) yield return $"Widths needs two levels or more, has {Widths.Count}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
        else if (Norm.Problem(Upsampling.ChangesChannels ? Widths : Widths.SkipLast(1)) is { } misfit) yield return $"Norm: {misfit}";
        if (Dropout is not (>= 0 and < 1)) yield return $"Dropout must be from 0 to below 1, is {Dropout}.";
        if (!Upsampling.ChangesChannels && (UpActivation || LastUpWidth is not null)) yield return "UpActivation and LastUpWidth belong to transposed convolutions, and Upsampling is Interpolated.";
        if (LastUpWidth < 1) yield return $"LastUpWidth must be positive, is {LastUpWidth}.";
        if (!Enum.IsDefined(Concat)) yield return $"Concat must be SkipFirst or UpFirst, is {(int)Concat}.";
    }
}
