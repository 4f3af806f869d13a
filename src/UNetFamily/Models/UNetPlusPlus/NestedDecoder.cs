namespace UNetFamily;

/// <summary>
/// The nested decoder of UNet++ (Zhou et al., 2018, Fig. 1a, everything but the encoder): a triangle of nodes X(i,j), j > 0, i + j up to the depth, over
/// the maps X(i,0) of any encoder. Branch k is X(0,k), at full resolution; it needs the nodes with i + j up to k and no others.
/// </summary>
public sealed class NestedDecoder : Module<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>>
{
    private readonly NamedModules<NestedNode> nodes;
    private readonly NestedSkips skips;
    private readonly int depth;

    /// <summary>Builds the triangle.</summary>
    /// <param name="depth">The number of branches: the levels of the encoder less one, 1 or more.</param>
    /// <param name="node">
    /// Makes X(i,j) from i and j. The node gets j maps of its row (one with <see cref="NestedSkips.Plain"/>), and from below X(i+1,j-1).
    /// </param>
    /// <param name="skips">Which nodes there are.</param>
    /// <exception cref="ArgumentOutOfRangeException">The depth is not positive.</exception>
    public NestedDecoder(int depth, Func<int, int, NestedNode> node, NestedSkips skips = NestedSkips.Dense) : base(nameof(NestedDecoder))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        ArgumentNullException.ThrowIfNull(node);
        (this.depth, this.skips) = (depth, skips);
        nodes = new(Nodes());
        RegisterComponents();

        IEnumerable<(string, NestedNode)> Nodes()
        {
            for (var sum = skips is NestedSkips.Dense ? 1 : depth; sum <= depth; sum++)
                for (var i = sum - 1; i >= 0; i--) yield return (Key(i, sum - i), node(i, sum - i));
        }
    }

    /// <summary>Computes the branches.</summary>
    /// <param name="features">
    /// X(0,0), X(1,0) and so on, the encoder's maps from fine to coarse, each (N, its channels, …its spatial size). With dense skips, fewer than
    /// depth + 1 maps give fewer branches: k + 1 maps give k.
    /// </param>
    /// <returns>X(0,1), X(0,2) and so on, each (N, its channels, …spatial of X(0,0)); with plain skips the last alone.</returns>
    /// <exception cref="ArgumentException">The number of maps doesn't fit the depth.</exception>
    public override IReadOnlyList<Tensor> forward(IReadOnlyList<Tensor> features)
    {
        ArgumentNullException.ThrowIfNull(features);
        return LiveRun.Of(this, Branches, [.. features]);
    }

    /// <summary>The decoder as a part of another flow.</summary>
    /// <param name="features">X(0,0), X(1,0) and so on, from fine to coarse.</param>
    /// <returns>X(0,1), X(0,2) and so on.</returns>
    /// <exception cref="ArgumentException">The number of maps doesn't fit the depth.</exception>
    public IReadOnlyList<FeatureMap> Flow(IReadOnlyList<FeatureMap> features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Count == 0) return Branches([]);
        return features[0].Within(this, () => Branches([.. features]),
            Hooks.On(this) ? () => [.. call([.. features.Select(map => map.Tensor)])] : null);
    }

    internal static string Key(int i, int j) => $"x{i}_{j}";

    // Row by row from below: a row needs itself and the row under it, and is the last to need that one.
    private FeatureMap[] Branches(FeatureMap[] features)
    {
        var level = features.Length - 1;
        if (level != depth && (skips is NestedSkips.Plain || level < 1 || level > depth))
            throw new ArgumentException($"A decoder of depth {depth} takes {(skips is NestedSkips.Dense && depth > 1 ? "2 to " : "")}{depth + 1} maps, got {features.Length}.", nameof(features));

        IReadOnlyList<FeatureMap> below = [features[level]];
        for (var i = level - 1; i >= 0; i--)
        {
            var row = new List<FeatureMap> { features[i] };
            var column = skips is NestedSkips.Dense ? 1 : level - i;
            foreach (var lower in below) row.Add(nodes[Key(i, column++)].Flow(row, lower));
            // Nothing above takes the encoder's map of the finest row, nor of any where skips are plain.
            if (i == 0 || skips is NestedSkips.Plain) row.RemoveAt(0);
            below = row;
        }
        return [.. below];
    }
}
