namespace UNetFamily.Samples.ComposeYourOwn;

/// <summary>The choices of <see cref="GatedNest"/>.</summary>
internal sealed record GatedNestOptions : SegmentationModelOptions
{
    /// <summary>Channels of each level, finest first.</summary>
    public ValueList<long> Widths { get; init; } = [32, 48, 64];

    public override GatedNest Build() => new(this);

    protected override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Widths.Count < 2) yield return $"Widths needs two levels or more, has {Widths.Count}.";
        if (Widths.Any(width => width < 1)) yield return $"Widths must be positive, are {Widths}.";
    }
}
