namespace UNetFamily;

/// <summary>The choices of <see cref="UNeXt"/>. The defaults are those of the authors' code, jeya-maria-jose/UNeXt-pytorch, <c>archs.py</c>, class <c>UNext</c>.</summary>
public sealed record UNeXtOptions : SegmentationModelOptions
{
    /// <summary>
    /// Channels at each level, finest first; the finest has half the size of the input. The last two levels consist of tokens, the others of convolutions. The paper gives 32 and 64 for the first two; its number of
    /// parameters is that of the code, which has 16 and 32.
    /// </summary>
    /// <value>16, 32, 128, 160, 256.</value>
    public ValueList<long> Widths { get; init; } = [16, 32, 128, 160, 256];

    /// <summary>How many groups of channels a shifted MLP moves (<c>shift_size</c>).</summary>
    /// <value>5.</value>
    public long ShiftGroups { get; init; } = 5;

    /// <summary>The norm after convolutions; tokens have layer norms.</summary>
    /// <value><see cref="Normalization.Batch"/>.</value>
    public Normalization Norm { get; init; } = Normalization.Batch;

    /// <summary>The probability of dropout within shifted MLPs, 0 to below 1.</summary>
    /// <value>0.</value>
    public double Dropout { get; init; }

    /// <summary>The probability of stochastic depth, 0 to below 1. As in the code it rises with the depth: none at the first level of tokens, half of this at the second.</summary>
    /// <value>0.</value>
    public double DropPath { get; init; }

    /// <summary>The small form, class <c>UNext_S</c>.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    public static UNeXtOptions Small(long inChannels, long outChannels) => new() { InChannels = inChannels, OutChannels = outChannels, Widths = [8, 16, 32, 64, 128] };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [UNeXtKeyMaps.Official(this)];

    /// <inheritdoc/>
    public override UNeXt Build() => new(this);

    /// <summary>The levels of convolutions.</summary>
    internal int ConvLevels => Widths.Count - 2;

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 3) yield return $"Widths needs three levels or more, two of which are tokens; it has {Widths.Count}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
        else if (Norm.Problem(Widths.SkipLast(1)) is { } misfit) yield return $"Norm: {misfit}";
        if (ShiftGroups < 1) yield return $"ShiftGroups must be positive, is {ShiftGroups}.";
        if (Dropout is not (>= 0 and < 1)) yield return $"Dropout must be from 0 to below 1, is {Dropout}.";
        if (DropPath is not (>= 0 and < 1)) yield return $"DropPath must be from 0 to below 1, is {DropPath}.";
    }
}
