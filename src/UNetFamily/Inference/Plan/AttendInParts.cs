namespace UNetFamily;

/// <summary>
/// Attention to few tokens by many, as UNETR++ attends to space: values times the softmax of queries times keys, some queries at a time. Of all, the softmax would be the largest map of the network.
/// </summary>
internal sealed class AttendInParts : PlacedOperation
{
    // Numbers of the softmax that lie in a processor's cache.
    private const long NumbersAtOnce = 1 << 18;

    public override string Name => "MatMul + Softmax + MatMul";

    public override LayerKind Kind => LayerKind.MatrixProduct;

    /// <summary>Queries (…, tokens, n), keys (…, n, m) and values (…, channels, m) to (…, channels, tokens).</summary>
    public override void Run(Tensor[] x, Tensor y)
    {
        var (tokens, atOnce) = (y.shape[^1], Math.Max(1, NumbersAtOnce / (y.shape[..^2].Aggregate(1L, (all, count) => all * count) * x[1].shape[^1])));
        for (var first = 0L; first < tokens; first += atOnce)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(atOnce, tokens - first);
            var attention = x[0].narrow(-2, first, count).Times(x[1]).softmax(-1);
            y.narrow(-1, first, count).copy_(x[2].Times(attention.transpose(-2, -1)));
        }
    }

    public override long[] Shape(long[][] x) => [.. x[2][..^1], x[0][^2]];

    public override long Macs(long[][] x, long[] y) => checked((x[0].Elements() * x[1][^1]) + (y.Elements() * x[1][^1]));

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => PixelFields.Joined(fields)?.Global();

    public override MemoryLayout LayoutOf(Tensor[] x) => MemoryLayout.Contiguous;

    /// <summary>Finds such an attention.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="last">The node that may be the last of one.</param>
    /// <param name="uses">How often each value is needed.</param>
    /// <returns>The node that computes it, and those in whose place it stands; null where there is none.</returns>
    public static (FlowNode Made, int[] Members)? Find(FlowGraph graph, int last, int[] uses)
    {
        if (graph.Nodes[last].Operation is not MatMul || Alone(last, 1) is not { } turned || Alone(turned, 0) is not { } softmax || Alone(softmax, 0) is not { } scores) return null;
        var axes = graph.Nodes[last].Shape.Length;
        return graph.Nodes[turned].Operation is Transpose { Exchanged: var (first, second) } && (Math.Max(Front(first), Front(second)), Math.Min(Front(first), Front(second))) == (axes - 1, axes - 2)
            && graph.Nodes[softmax].Operation is Softmax { Axis: var axis } && Front(axis) == axes - 1 && graph.Nodes[scores].Operation is MatMul
                ? (graph.Nodes[last] with { Operation = new AttendInParts(), Operands = [.. graph.Nodes[scores].Operands, graph.Nodes[last].Operands[0]] }, [last, turned, softmax, scores]) : null;

        int Front(int axis) => graph.Nodes[last].Shape.FromFront(axis);

        int? Alone(int node, int operand) =>
            graph.Nodes[node].Operands.Length > operand && graph.Nodes[node].Operands[operand] is var value && value >= graph.Inputs.Length && uses[value] == 1 ? value - graph.Inputs.Length : null;
    }
}
