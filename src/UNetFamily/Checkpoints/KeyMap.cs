namespace UNetFamily;

/// <summary>
/// How the names in a published checkpoint become the names in our network, and back: rules as data, kept beside each network.
/// </summary>
/// <param name="origin">The project whose names these are, such as <c>milesial/Pytorch-UNet</c>.</param>
/// <param name="rules">The rules. Renames apply in order on the way in, and in the opposite order on the way out.</param>
public sealed class KeyMap(string origin, params IReadOnlyList<KeyRule> rules)
{
    // A tensor may have a second name for several reasons at once; more names than this no tensor has.
    private const int MostNames = 16;

    private readonly KeyRule.Rename[] renames = [.. rules.OfType<KeyRule.Rename>()];
    private readonly KeyRule.Alias[] aliases = [.. rules.OfType<KeyRule.Alias>()];

    /// <summary>The project whose names these are.</summary>
    public string Origin { get; } = origin;

    /// <summary>Whether the project returns the maps of deep supervision in the opposite order: the finest, or last branch, at the end.</summary>
    /// <value>False.</value>
    public bool FinestLast { get; init; }

    /// <summary>The rules in order.</summary>
    public IReadOnlyList<KeyRule> Rules { get; } = rules;

    /// <summary>Our name for a published entry.</summary>
    /// <param name="official">The name in the published checkpoint.</param>
    /// <returns>Our name; null when the entry is a second name of another or is not used.</returns>
    public string? ToOurs(string official)
    {
        ArgumentNullException.ThrowIfNull(official);
        return IsDropped(official) || aliases.Any(rule => rule.Matches(official)) ? null : Rename(official);
    }

    internal bool IsDropped(string official) => Rules.OfType<KeyRule.Drop>().Any(rule => rule.Matches(official));

    /// <summary>The first name of a published entry: itself, unless it is a second name.</summary>
    internal string ToFirst(string official)
    {
        for (var left = MostNames; left > 0 && Array.Find(aliases, rule => rule.Matches(official)) is { } alias; left--) official = alias.ToFirst(official);
        return official;
    }

    /// <summary>The published name of the running mean that a published bias is folded into; null when the entry is none.</summary>
    internal string? MeanOf(string official) => Rules.OfType<KeyRule.FoldedBias>().FirstOrDefault(rule => rule.Matches(official))?.ToMean(official);

    internal string Rename(string official) => renames.Aggregate(official, (key, rename) => rename.ToOurs(key));

    /// <summary>The published name for one of ours.</summary>
    /// <param name="ours">The name in our network.</param>
    public string ToOfficial(string ours)
    {
        ArgumentNullException.ThrowIfNull(ours);
        return renames.Reverse().Aggregate(ours, (key, rename) => rename.ToOfficial(key));
    }

    /// <summary>The further names under which the published checkpoint holds an entry.</summary>
    /// <param name="official">Its first name in the published checkpoint.</param>
    /// <returns>The other names; none when it has only one.</returns>
    public IReadOnlyList<string> SecondNames(string official)
    {
        ArgumentNullException.ThrowIfNull(official);
        List<string> names = [official];
        foreach (var alias in Rules.OfType<KeyRule.Alias>()) names.AddRange([.. names.Where(alias.MatchesFirst).Select(alias.ToAlias)]);
        return names[1..];
    }

    /// <summary>The maps in the order in which the project returns them.</summary>
    /// <param name="output">What our network returned; it keeps owning the maps.</param>
    public IReadOnlyList<Tensor> InOrder(SegmentationOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return FinestLast ? [.. output.FinestFirst.Reverse()] : output.FinestFirst;
    }

    /// <summary>Whether the published entry is the weight of a linear layer where ours is that of a convolution with a kernel of one.</summary>
    /// <param name="official">The name in the published checkpoint.</param>
    public bool IsLinearAsConv(string official) => Rules.OfType<KeyRule.LinearAsConv>().Any(rule => rule.Matches(official));

    /// <summary>The project's name.</summary>
    public override string ToString() => Origin;
}
