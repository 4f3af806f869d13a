namespace UNetFamily;

/// <summary>What <see cref="SegmentationMetrics"/> measures, and by which rules where a class is missing.</summary>
public sealed record MetricOptions
{
    /// <summary>The names of all classes by label, background first.</summary>
    public required ValueList<string> Classes { get; init; }

    /// <summary>What scores are where a class is neither labelled nor predicted.</summary>
    public required EmptyClass EmptyClass { get; init; }

    /// <summary>What distances are where a class is missed, or a false alarm.</summary>
    public required MissingSurface MissingSurface { get; init; }

    /// <summary>Whether label 0 is scored, too.</summary>
    /// <value>false.</value>
    public bool IncludeBackground { get; init; }

    /// <summary>Whether distances between surfaces are measured; they cost far more than overlaps.</summary>
    /// <value>true.</value>
    public bool Distances { get; init; } = true;

    /// <summary>The percentile of the robust Hausdorff distance, above 0 to 100.</summary>
    /// <value>95.</value>
    public double Percentile { get; init; } = 95;

    /// <summary>
    /// For normalised surface Dice: the distance that still is right, in the unit of the spacing; one for all classes or one for each scored class. It depends on how well raters agree, so there is no default.
    /// </summary>
    /// <value>null: not measured.</value>
    public ValueList<double>? Tolerance { get; init; }

    /// <summary>
    /// The label of pixels that count as nothing, whatever is predicted there. For distances they belong to no class on either side, so a class that goes on into them has a surface along their border, in the
    /// prediction as in the truth.
    /// </summary>
    /// <value>null: every pixel counts.</value>
    public long? IgnoreIndex { get; init; }

    /// <summary>The labels that are scored.</summary>
    internal IEnumerable<int> Scored => Enumerable.Range(0, Classes.Count).Where(label => label > 0 || IncludeBackground);

    /// <summary>Everything that is wrong with these options, a sentence each.</summary>
    internal IEnumerable<string> Problems()
    {
        if (Classes.Count is < 2 or > short.MaxValue) yield return $"Classes must be 2 to {short.MaxValue} names, background first; there are {Classes.Count}.";
        if (Classes.Distinct().Count() < Classes.Count) yield return $"Classes must differ, are {Classes}.";
        if (!Enum.IsDefined(EmptyClass)) yield return $"EmptyClass must be Skip, Perfect or Worst, is {(int)EmptyClass}.";
        if (!Enum.IsDefined(MissingSurface)) yield return $"MissingSurface must be Infinity or ImageDiagonal, is {(int)MissingSurface}.";
        if (!(Percentile is > 0 and <= 100)) yield return $"Percentile must be above 0 to 100, is {Percentile}.";
        if (Tolerance is not { } tolerance) yield break;
        if (!Distances) yield return "Tolerance needs Distances = true.";
        if (tolerance.Count != 1 && tolerance.Count != Scored.Count()) yield return $"Tolerance must have 1 value or {Scored.Count()}, one for each scored class; it has {tolerance.Count}.";
        if (tolerance.Any(value => !(value >= 0 && double.IsFinite(value)))) yield return $"Tolerance must be 0 or more, is {tolerance}.";
    }
}
