namespace UNetFamily;

/// <summary>
/// The choices of <see cref="DoubleUNet"/>. The defaults are those of the authors' PyTorch form, DebeshJha/2020-CBMS-DoubleU-Net, <c>doubleunet_pytorch.py</c>, where nothing can be chosen.
/// </summary>
public sealed record DoubleUNetOptions : SegmentationModelOptions
{
    /// <summary>Channels of the first encoder at each level, finest first; those of VGG-19.</summary>
    /// <value>64, 128, 256, 512, 512.</value>
    public ValueList<long> VggWidths { get; init; } = [64, 128, 256, 512, 512];

    /// <summary>Convolutions of the first encoder at each level.</summary>
    /// <value>2, 2, 4, 4, 4.</value>
    public ValueList<long> VggConvs { get; init; } = [2, 2, 4, 4, 4];

    /// <summary>Channels of the second encoder and of both decoders at each level, finest first: one level fewer than the first encoder has.</summary>
    /// <value>32, 64, 128, 256.</value>
    public ValueList<long> Widths { get; init; } = [32, 64, 128, 256];

    /// <summary>Channels that come out of the pyramids between encoders and decoders.</summary>
    /// <value>64.</value>
    public long PyramidWidth { get; init; } = 64;

    /// <summary>The dilations of the pyramids.</summary>
    /// <value>6, 12, 18.</value>
    public ValueList<long> Dilations { get; init; } = [6, 12, 18];

    /// <summary>How many times narrower the middle of squeeze and excitation is.</summary>
    /// <value>8.</value>
    public long Reduction { get; init; } = 8;

    /// <summary>The norm after convolutions, which VGG's have not.</summary>
    /// <value><see cref="Normalization.Batch"/>.</value>
    public Normalization Norm { get; init; } = Normalization.Batch;

    /// <summary>How fresh weights are drawn; for trained ones of the first encoder see <see cref="DoubleUNet.LoadVgg"/>.</summary>
    /// <value><see cref="Initialization.Default"/>.</value>
    public Initialization Initialization { get; init; } = Initialization.Default;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [DoubleUNetKeyMaps.Official(this)];

    /// <inheritdoc/>
    public override DoubleUNet Build() => new(this);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 1) yield return "Widths needs one level or more, has none.";
        if (VggWidths.Count != Widths.Count + 1) yield return $"VggWidths needs one level more than Widths, {Widths.Count + 1}; it has {VggWidths.Count}.";
        if (VggConvs.Count != VggWidths.Count) yield return $"VggConvs needs an entry for each of the {VggWidths.Count} VggWidths, has {VggConvs.Count}.";
        if (VggWidths.Any(width => width < 1)) yield return $"VggWidths must be positive, are {VggWidths}.";
        if (VggConvs.Any(convs => convs < 1)) yield return $"VggConvs must be positive, are {VggConvs}.";
        if (PyramidWidth < 1) yield return $"PyramidWidth must be positive, is {PyramidWidth}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
        else if (PyramidWidth > 0 && Norm.Problem([.. Widths, PyramidWidth]) is { } misfit) yield return $"Norm: {misfit}";
        if (Dilations.Any(dilation => dilation < 1)) yield return $"Dilations must be positive, are {Dilations}.";
        if (Reduction < 1) yield return $"Reduction must be positive, is {Reduction}.";
    }
}
