namespace UNetFamily;

/// <summary>
/// What a flow does at one size, recorded without running it: its operations in order. Values are numbered: first the inputs, then the result of each operation.
/// </summary>
internal sealed class FlowGraph(long[][] inputs)
{
    private readonly List<FlowNode> nodes = [];
    private readonly List<FlowRegion> regions = [];

    /// <summary>The shapes of the inputs, batch first.</summary>
    public long[][] Inputs => inputs;

    /// <summary>The operations in order.</summary>
    public IReadOnlyList<FlowNode> Nodes => nodes;

    /// <summary>The modules in the order in which they began.</summary>
    public IReadOnlyList<FlowRegion> Regions => regions;

    /// <summary>The values that come out.</summary>
    public int[] Outputs { get; set; } = [];

    /// <summary>Whether something depends on the size beyond the shapes themselves, so that the graph is of this size alone.</summary>
    public bool UsesSizes { get; set; }

    /// <summary>How many values there are.</summary>
    public int Values => inputs.Length + nodes.Count;

    /// <summary>The shape of a value.</summary>
    public long[] ShapeOf(int value) => value < inputs.Length ? inputs[value] : nodes[value - inputs.Length].Shape;

    /// <summary>The shapes of a node's operands.</summary>
    public long[][] OperandShapes(FlowNode node)
    {
        var shapes = new long[node.Operands.Length][];
        for (var i = 0; i < shapes.Length; i++) shapes[i] = ShapeOf(node.Operands[i]);
        return shapes;
    }

    /// <summary>The value that a node makes.</summary>
    public int ValueOf(int node) => inputs.Length + node;

    /// <summary>How often each value is needed on the way to some values, these included.</summary>
    public int[] Uses(ReadOnlySpan<int> outputs)
    {
        var uses = new int[Values];
        foreach (var output in outputs) uses[output]++;
        for (var node = nodes.Count - 1; node >= 0; node--)
        {
            if (uses[ValueOf(node)] == 0) continue;
            foreach (var operand in nodes[node].Operands) uses[operand]++;
        }
        return uses;
    }

    public int Add(FlowNode node)
    {
        nodes.Add(node);
        return Values - 1;
    }

    /// <summary>Puts another operation of the same result in a node's place.</summary>
    public void Replace(int node, FlowNode by) => nodes[node] = by;

    public FlowRegion Begin(nn.Module module, int[] operands, bool isCheckpointed)
    {
        var region = new FlowRegion(module, nodes.Count, operands) { IsCheckpointed = isCheckpointed };
        regions.Add(region);
        return region;
    }
}

/// <summary>An operation in a graph.</summary>
/// <param name="Operation">What is computed.</param>
/// <param name="Operands">From which values.</param>
/// <param name="Shape">The shape that comes out, batch first.</param>
/// <param name="Scope">The innermost module whose flow it stands in.</param>
internal sealed record FlowNode(Operation Operation, int[] Operands, long[] Shape, nn.Module Scope);

/// <summary>The nodes that one call of a module makes.</summary>
/// <param name="module">The module.</param>
/// <param name="start">Its first node.</param>
/// <param name="operands">The values that it was called with.</param>
internal sealed class FlowRegion(nn.Module module, int start, int[] operands)
{
    public nn.Module Module => module;

    public int Start => start;

    public int[] Operands => operands;

    /// <summary>The node after its last.</summary>
    public int End { get; set; }

    /// <summary>The values that it gave.</summary>
    public int[] Results { get; set; } = [];

    /// <summary>Whether it is computed again for the backward pass.</summary>
    public bool IsCheckpointed { get; init; }
}
