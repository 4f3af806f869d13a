namespace UNetFamily;

/// <summary>
/// When each value of a graph is used last, and which operations may write over an operand: one that nothing uses later, and no gradient needs.
/// A flow that runs frees and overwrites by this, and so memory is predicted by it.
/// </summary>
internal sealed class Liveness
{
    private readonly FlowGraph graph;
    private readonly int[] lastUse;
    private readonly int[] storage;
    private readonly int[] lastOfMemory;
    private readonly bool[] isFixed;
    private readonly int[] overwritten, overwrittenUnrecorded;
    private readonly int[] firstFreed, nextFreed;

    public Liveness(FlowGraph graph)
    {
        this.graph = graph;
        var (values, nodes) = (graph.Values, graph.Nodes.Count);
        (lastUse, storage, isFixed) = (new int[values], new int[values], new bool[values]);
        (overwritten, overwrittenUnrecorded) = (new int[nodes], new int[nodes]);
        var (lastOfStorage, needed) = (new int[values], new bool[values]);
        var (dense, whole) = (new bool[values], new bool[values]);
        for (var value = 0; value < values; value++)
        {
            var node = value - graph.Inputs.Length;
            (storage[value], lastUse[value], dense[value], whole[value]) = (value, node, true, true);
            if (node < 0) isFixed[value] = true;
            else Follow(value, node);
        }
        foreach (var output in graph.Outputs) lastUse[output] = nodes;
        for (var value = 0; value < values; value++) lastOfStorage[storage[value]] = Math.Max(lastOfStorage[storage[value]], lastUse[value]);

        for (var node = 0; node < nodes; node++)
        {
            overwritten[node] = Choose(node, recording: true);
            overwrittenUnrecorded[node] = Choose(node, recording: false);
        }
        (firstFreed, nextFreed) = Chains();
        lastOfMemory = LastsOfMemory();

        void Follow(int value, int node)
        {
            var (operation, operands) = (graph.Nodes[node].Operation, graph.Nodes[node].Operands);
            foreach (var operand in operands) lastUse[operand] = node;
            if (operands.Length == 0) isFixed[value] = true;        // a weight
            else if (operation.IsView(dense[operands[0]]) || operation.MayPassThrough || operation.Overwrites(recording: false))
            {
                storage[value] = storage[operands[0]];
                isFixed[value] = isFixed[operands[0]];
                // A part of a map must not be written over as if it were all of it.
                whole[value] = whole[operands[0]] && graph.ShapeOf(operands[0]).Elements() == graph.Nodes[node].Shape.Elements();
            }
            dense[value] = operation.IsDense;
            var use = operation.Memory(graph.OperandShapes(graph.Nodes[node]), graph.Nodes[node].Shape, new MemoryMode(Training: true));
            for (var i = 0; i < operands.Length; i++) needed[storage[operands[i]]] |= (use.KeptOperands >> i & 1) != 0;
            needed[storage[value]] |= use.KeepsResult;
        }

        int Choose(int node, bool recording)
        {
            var (operation, operands, shape) = (graph.Nodes[node].Operation, graph.Nodes[node].Operands, graph.Nodes[node].Shape);
            for (var i = 0; i < operands.Length; i++)
            {
                var value = operands[i];
                if (operation.CanOverwrite(i) && whole[value] && dense[value] && !isFixed[value] && lastOfStorage[storage[value]] == node && !(recording && needed[storage[value]])
                    && graph.ShapeOf(value).AsSpan().SequenceEqual(shape) && operands.Count(other => storage[other] == storage[value]) == 1) return i;
            }
            return -1;
        }
    }

    /// <summary>The number of the operand that a node writes over; -1 when it makes a new tensor.</summary>
    /// <param name="node">The node.</param>
    /// <param name="recording">Whether gradients are recorded.</param>
    public int Overwritten(int node, bool recording) => recording ? overwritten[node] : overwrittenUnrecorded[node];

    /// <summary>Whether a layer that writes over its operand must be given a copy, because the operand is the caller's or is used again.</summary>
    /// <param name="node">The layer's node.</param>
    public bool NeedsCopy(int node)
    {
        var (operation, operands) = (graph.Nodes[node].Operation, graph.Nodes[node].Operands);
        return operation.Overwrites(recording: false) && (isFixed[operands[0]] || lastUse[operands[0]] > node);
    }

    /// <summary>The last node that may use the memory of a value, where no gradients are recorded: through views of it, and what is written over it. The number of nodes where that is handed out.</summary>
    public int LastUseOfMemory(int value) => lastOfMemory[value];

    /// <summary>The first value to be freed after a node; -1 for none.</summary>
    public int FirstFreed(int node) => firstFreed[node];

    /// <summary>The value to be freed after the same node as another; -1 for none.</summary>
    public int NextFreed(int value) => nextFreed[value];

    private int[] LastsOfMemory()
    {
        int[] last = [.. lastUse];
        for (var node = graph.Nodes.Count - 1; node >= 0; node--)
        {
            var (operation, operands) = (graph.Nodes[node].Operation, graph.Nodes[node].Operands);
            // A map that isn't dense is copied or not, as its strides have it.
            if (operands.Length > 0 && (operation.IsView(dense: true) || operation.MayPassThrough || operation.Overwrites(recording: false))) Shares(operands[0]);
            if (overwrittenUnrecorded[node] >= 0) Shares(operands[overwrittenUnrecorded[node]]);

            void Shares(int operand) => last[operand] = Math.Max(last[operand], last[graph.ValueOf(node)]);
        }
        return last;
    }

    private (int[] First, int[] Next) Chains()
    {
        var (first, next) = (new int[graph.Nodes.Count], new int[graph.Values]);
        Array.Fill(first, -1);
        for (var value = graph.Inputs.Length; value < graph.Values; value++)
        {
            next[value] = -1;
            if (lastUse[value] >= first.Length || graph.Nodes[value - graph.Inputs.Length].Operation is WeightOperand { IsTheParameter: true }) continue;
            next[value] = first[lastUse[value]];
            first[lastUse[value]] = value;
        }
        return (first, next);
    }
}
