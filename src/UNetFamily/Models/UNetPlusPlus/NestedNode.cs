namespace UNetFamily;

/// <summary>
/// A node X(i,j), j > 0, of UNet++'s grid: the maps before it in its row are concatenated with the raised map from the row below, and convolved
/// (Zhou et al., UNet++, 2018, Eq. 1 and Fig. 1b). Its parts are yours to choose.
/// <code>X(i,j) = convs([X(i,0), …, X(i,j-1), up(X(i+1,j-1))])</code>
/// With a gate, the row passes through it first: <c>convs([gate(up, row), up])</c>.
/// </summary>
public sealed class NestedNode : Module<IReadOnlyList<Tensor>, Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> up;
    private readonly Module<Tensor, Tensor, Tensor>? gate;
    private readonly Module<Tensor, Tensor> convs;
    private readonly ConcatOrder concat;

    /// <summary>Puts a node together.</summary>
    /// <param name="up">Raises the map from below to the size of the row.</param>
    /// <param name="convs">Takes the concatenation: j maps of the row, and the raised one.</param>
    /// <param name="concat">Whether the row or the raised map comes first.</param>
    /// <param name="gate">
    /// Changes the row in the light of the raised map, (raised, concatenated row) to a map of any channels, such as <see cref="LstmAttentionGate"/>; none when left out.
    /// </param>
    public NestedNode(Module<Tensor, Tensor> up, Module<Tensor, Tensor> convs, ConcatOrder concat = ConcatOrder.SkipFirst, Module<Tensor, Tensor, Tensor>? gate = null)
        : base(nameof(NestedNode))
    {
        (this.up, this.convs, this.concat, this.gate) = (up, convs, concat, gate);
        RegisterComponents();
    }

    /// <summary>Computes the node.</summary>
    /// <param name="row">X(i,0) to X(i,j-1), each (N, its channels, …spatial).</param>
    /// <param name="below">X(i+1,j-1), (N, its channels, …spatial / scale).</param>
    /// <returns>X(i,j), (N, the channels of <c>convs</c>, …spatial).</returns>
    /// <exception cref="ArgumentException">The maps don't fit a layer or each other. Nothing was computed.</exception>
    public override Tensor forward(IReadOnlyList<Tensor> row, Tensor below)
    {
        ArgumentNullException.ThrowIfNull(row);
        return LiveRun.Of(this, maps => [Node(maps[..^1], maps[^1])], [.. row, below])[0];
    }

    /// <summary>The node as a part of another flow.</summary>
    /// <param name="row">X(i,0) to X(i,j-1).</param>
    /// <param name="below">X(i+1,j-1).</param>
    /// <returns>X(i,j).</returns>
    public FeatureMap Flow(IReadOnlyList<FeatureMap> row, FeatureMap below)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(below);
        return below.Within(this, () => Node(row, below),
            Hooks.On(this) ? () => call([.. row.Select(map => map.Tensor)], below.Tensor) : null);
    }

    private FeatureMap Node(IReadOnlyList<FeatureMap> row, FeatureMap below)
    {
        var raised = below.Through(up);
        IReadOnlyList<FeatureMap> skips = gate is null ? row : [raised.Through(gate, FeatureMap.Concat([.. row]))];
        return (concat is ConcatOrder.SkipFirst ? FeatureMap.Concat([.. skips, raised]) : FeatureMap.Concat([raised, .. skips])).Through(convs);
    }
}
