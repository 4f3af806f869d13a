namespace ConsumerTests;

/// <summary>The choices of <see cref="SqueezedUNet"/>.</summary>
public sealed record SqueezedUNetOptions : SegmentationModelOptions
{
    /// <summary>Channels of each level, finest first; every level but the first halves the sides.</summary>
    public ValueList<long> Widths { get; init; } = [8, 16, 32];

    /// <summary>How many times narrower the middle of squeeze and excitation is.</summary>
    public long Reduction { get; init; } = 4;

    public override SqueezedUNet Build() => new(this);

    protected override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 2) yield return $"Widths needs two levels or more, has {Widths.Count}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
        if (Reduction < 1) yield return $"Reduction must be positive, is {Reduction}.";
    }
}
