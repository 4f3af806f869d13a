namespace UNetFamily;

/// <summary>A graph in which operations are one whose results nothing else uses: those that take each position by itself, which <see cref="RunByPosition"/> computes together, and <see cref="AttendInParts"/>.</summary>
internal sealed class FusedGraph
{
    private readonly FlowGraph graph;
    private readonly int[] uses;
    private readonly bool[] isPositional;
    private readonly int[][] consumers;

    private FusedGraph(FlowGraph graph)
    {
        this.graph = graph;
        uses = graph.Uses(graph.Outputs);
        isPositional = [.. graph.Nodes.Select(node => PositionGroup.Takes(node.Operation, graph.OperandShapes(node)))];
        var users = Enumerable.Range(0, graph.Values).Select(_ => new List<int>()).ToArray();
        for (var node = 0; node < graph.Nodes.Count; node++)
            foreach (var operand in graph.Nodes[node].Operands) users[operand].Add(node);
        consumers = [.. users.Select(list => list.ToArray())];
    }

    /// <summary>Joins what can be joined.</summary>
    /// <param name="graph">A graph without anything that isn't needed, of float32 on a CPU.</param>
    public static FlowGraph Of(FlowGraph graph) => new FusedGraph(graph).Joined();

    private FlowGraph Joined()
    {
        // From the end, so that each group is as long as it can be.
        var made = new Dictionary<int, FlowNode>();
        var taken = new bool[graph.Nodes.Count];
        for (var last = graph.Nodes.Count - 1; last >= 0; last--)
        {
            if (taken[last] || Joined(last) is not var (node, members)) continue;
            made[last] = node;
            foreach (var member in members) taken[member] = true;
        }

        var fused = new FlowGraph(graph.Inputs) { UsesSizes = graph.UsesSizes };
        var renumbered = new int[graph.Values];
        for (var value = 0; value < graph.Inputs.Length; value++) renumbered[value] = value;
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            if (taken[node] && !made.ContainsKey(node)) continue;
            var next = made.GetValueOrDefault(node, graph.Nodes[node]);
            renumbered[graph.ValueOf(node)] = fused.Add(next with { Operands = Array.ConvertAll(next.Operands, operand => renumbered[operand]) });
        }
        fused.Outputs = Array.ConvertAll(graph.Outputs, output => renumbered[output]);
        return fused;
    }

    /// <summary>What computes a node together with nodes before it; null for itself alone.</summary>
    private (FlowNode Made, int[] Members)? Joined(int last) => GroupBefore(last) is { } group ? (One(group), group) : AttendInParts.Find(graph, last, uses);

    /// <summary>The nodes, in order, that end in one and whose results nothing else needs; null where that is no group.</summary>
    private int[]? GroupBefore(int last)
    {
        if (!isPositional[last] || graph.Nodes[last].Operation is Narrow) return null;
        var members = new SortedSet<int> { last };
        for (var node = last - 1; node >= 0; node--)
        {
            var users = consumers[graph.ValueOf(node)];
            if (isPositional[node] && users.Length > 0 && users.Length == uses[graph.ValueOf(node)] && Array.TrueForAll(users, members.Contains)) members.Add(node);
        }
        return members.Count > 1 && members.Any(node => graph.Nodes[node].Operation is Convolve) ? [.. members] : null;
    }

    private FlowNode One(int[] group)
    {
        var made = group.Select(graph.ValueOf).ToHashSet();
        int[] operands = [.. group.SelectMany(node => graph.Nodes[node].Operands).Where(operand => !made.Contains(operand)).Distinct()];
        var inner = new FlowGraph(Array.ConvertAll(operands, graph.ShapeOf));
        var renumbered = operands.Index().ToDictionary(each => each.Item, each => each.Index);
        foreach (var node in group)
        {
            var taken = graph.Nodes[node];
            renumbered[graph.ValueOf(node)] = inner.Add(taken with { Operands = Array.ConvertAll(taken.Operands, operand => renumbered[operand]) });
        }
        inner.Outputs = [inner.Values - 1];
        var last = graph.Nodes[group[^1]];
        return new FlowNode(new PositionGroup(inner), operands, last.Shape, last.Scope);
    }
}
