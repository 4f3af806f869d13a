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
    /// Changes the row in the light of the raised map, (raised, concatenated row) to a map of any channels; none when left out. Inspection needs an
    /// <see cref="ISkipGate"/>, such as <see cref="LstmAttentionGate"/>.
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
    public override Tensor forward(IReadOnlyList<Tensor> row, Tensor below)
    {
        using var joined = Joined(row, below);
        return convs.call(joined);
    }

    /// <summary>Follows shapes through the node.</summary>
    /// <param name="tracer">Takes the layers in order.</param>
    /// <param name="row">The shapes of the row.</param>
    /// <param name="below">The shape of the map from below.</param>
    /// <returns>The shape of the node.</returns>
    public TensorShape Trace(Tracer tracer, IReadOnlyList<TensorShape> row, TensorShape below)
    {
        ArgumentNullException.ThrowIfNull(tracer);
        ArgumentNullException.ThrowIfNull(row);
        return tracer.Block(() =>
        {
            var raised = tracer.Through(below, up);
            TensorShape[] skips = gate is null ? [.. row] : [Gated(tracer, Tracer.Concatenated([.. row]), raised)];
            return tracer.Through(Tracer.Concatenated([.. skips, raised]), convs);
        }, holds: false, [.. row, below]);
    }

    private TensorShape Gated(Tracer tracer, TensorShape skip, TensorShape raised) => gate is ISkipGate traceable
        ? traceable.Trace(tracer, raised, skip)
        : throw new NotSupportedException($"{gate!.GetType().Name} is not known to the tracer. Implement {nameof(ISkipGate)} in it.");

    private Tensor Joined(IReadOnlyList<Tensor> row, Tensor below)
    {
        using var scope = NewDisposeScope();
        var raised = up.call(below);
        IReadOnlyList<Tensor> skips = gate is null ? row : [gate.call(raised, cat([.. row], dim: 1))];
        return cat(concat is ConcatOrder.SkipFirst ? [.. skips, raised] : [raised, .. skips], dim: 1).MoveToOuterDisposeScope();
    }
}
