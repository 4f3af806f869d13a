namespace UNetFamily;

/// <summary>A graph in which operations that follow each other, and whose results nothing else uses, are one where a kernel of this library computes them together.</summary>
internal static class FusedGraph
{
    /// <summary>Joins what can be joined.</summary>
    /// <param name="graph">A graph without anything that isn't needed, of float32 on a CPU.</param>
    public static FlowGraph Of(FlowGraph graph)
    {
        var uses = graph.Uses(graph.Outputs);
        var bottlenecks = new Dictionary<int, (FlowNode First, Bottleneck Whole)>();
        var inner = new HashSet<int>();
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            if (Before(node) is not { } middle || Before(middle) is not { } first) continue;
            if (Bottleneck.Of(graph.Nodes[first].Operation, graph.Nodes[middle].Operation, graph.Nodes[node].Operation) is not { } whole) continue;
            bottlenecks[node] = (graph.Nodes[first], whole);
            inner.UnionWith([first, middle]);
        }

        var fused = new FlowGraph(graph.Inputs) { UsesSizes = graph.UsesSizes };
        var renumbered = new int[graph.Values];
        for (var value = 0; value < graph.Inputs.Length; value++) renumbered[value] = value;
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            if (inner.Contains(node)) continue;
            var taken = graph.Nodes[node];
            if (bottlenecks.TryGetValue(node, out var bottleneck)) taken = taken with { Operation = bottleneck.Whole, Operands = bottleneck.First.Operands };
            renumbered[graph.ValueOf(node)] = fused.Add(taken with { Operands = Array.ConvertAll(taken.Operands, operand => renumbered[operand]) });
        }
        fused.Outputs = Array.ConvertAll(graph.Outputs, output => renumbered[output]);
        return fused;

        // The node that makes the one operand of a node and nothing else's; null for none.
        int? Before(int node) =>
            graph.Nodes[node].Operands is [var operand] && operand >= graph.Inputs.Length && uses[operand] == 1 ? operand - graph.Inputs.Length : null;
    }
}
