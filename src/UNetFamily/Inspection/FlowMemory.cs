namespace UNetFamily;

/// <summary>The memory that a flow needs: read from its graph, tensor by tensor, with the same last uses and overwritings as when it runs.</summary>
internal sealed class FlowMemory
{
    private readonly FlowGraph graph;
    private readonly Liveness liveness;
    private readonly MemoryMode mode;
    private readonly Store[] stores;
    private readonly HashSet<Store> kept = new(ReferenceEqualityComparer.Instance);

    public FlowMemory(FlowGraph graph, MemoryMode mode)
    {
        (this.graph, this.mode) = (graph, mode);
        liveness = new Liveness(graph);
        stores = new Store[graph.Values];
        (KeptBy, AliveAt) = (new long[graph.Nodes.Count], new long[graph.Nodes.Count]);
        for (var value = 0; value < graph.Inputs.Length; value++) stores[value] = new Store(0, 0);
        Follow();
    }

    /// <summary>Bytes that each node's gradient needs, as far as no node before it needs the same tensor.</summary>
    public long[] KeptBy { get; }

    /// <summary>Bytes that wait for the backward pass, checkpointing and outputs included.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>The most bytes alive at once.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Bytes of the tensors alive when a node has computed its result and its operands are still there.</summary>
    public long[] AliveAt { get; }

    /// <summary>The largest sum of a layer's input and output.</summary>
    public long LargestLayer { get; private set; }

    private void Follow()
    {
        var passing = new long[graph.Nodes.Count];
        var segment = new Segment(int.MaxValue, 0);
        var segments = new Queue<FlowRegion>(graph.Regions.Where(region => region.IsCheckpointed));
        var largestSegment = 0L;
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            if (node >= segment.End)
            {
                largestSegment = Math.Max(largestSegment, segment.Bytes);
                segment = new Segment(int.MaxValue, 0);
            }
            if (mode.Training && segments.TryPeek(out var next) && next.Start == node)
            {
                segments.Dequeue();
                KeptBytes += Keep(next.Operands, kept);
                segment = new Segment(next.End, 0) { Kept = new(kept, ReferenceEqualityComparer.Instance) };
            }

            passing[node] = Make(node, out var use);
            if (!mode.Training) continue;

            var operands = graph.Nodes[node].Operands;
            KeptBy[node] = use.KeptBytes + Keep([.. operands.Where((_, i) => (use.KeptOperands >> i & 1) != 0)], segment.Kept ?? kept)
                + (use.KeepsResult ? Keep([graph.ValueOf(node)], segment.Kept ?? kept) : 0);
            if (segment.Kept is null) KeptBytes += KeptBy[node];
            else segment = segment with { Bytes = segment.Bytes + KeptBy[node] };
        }
        KeptBytes += Math.Max(largestSegment, segment.Bytes) + Keep(graph.Outputs, kept);
        Measure(passing);
    }

    /// <summary>The tensor that a node makes; returns the bytes that it needs meanwhile.</summary>
    private long Make(int node, out MemoryUse use)
    {
        var (operation, operands, shape) = (graph.Nodes[node].Operation, graph.Nodes[node].Operands, graph.Nodes[node].Shape);
        var (shapes, value) = (graph.OperandShapes(graph.Nodes[node]), graph.ValueOf(node));
        use = operation.Memory(shapes, shape, mode);
        var over = liveness.Overwritten(node, recording: mode.Training);
        var bytes = mode.BytesPerNumber * shape.Elements();
        var isView = operands.Length > 0 && (use.PassesThrough || (operation.Overwrites(mode.Training) && !liveness.NeedsCopy(node)) || operation.IsView(IsDense(operands[0])));
        stores[value] = operands.Length == 0 ? new Store(0, node)
            : over >= 0 ? stores[operands[over]]
            : isView ? stores[operands[0]]
            : new Store(bytes, node);
        foreach (var operand in operands) stores[operand].Last = node;
        stores[value].Last = node;
        if (operation.Layer is not null || operation.Kind is LayerKind.MatrixProduct)
            LargestLayer = Math.Max(LargestLayer, bytes + shapes.Sum(operand => mode.BytesPerNumber * operand.Elements()));
        return use.PassingBytes;
    }

    private bool IsDense(int value) => value < graph.Inputs.Length || graph.Nodes[value - graph.Inputs.Length].Operation.IsDense;

    private void Measure(long[] passing)
    {
        var change = new long[graph.Nodes.Count + 2];
        foreach (var output in graph.Outputs) stores[output].Last = graph.Nodes.Count;
        foreach (var store in stores.Distinct())
        {
            change[store.Born] += store.Bytes;
            change[store.Last + 1] -= store.Bytes;
        }
        var alive = 0L;
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            AliveAt[node] = alive += change[node];
            PeakBytes = Math.Max(PeakBytes, alive + passing[node]);
        }
    }

    private long Keep(ReadOnlySpan<int> values, HashSet<Store> kept)
    {
        var bytes = 0L;
        foreach (var value in values)
            if (kept.Add(stores[value])) bytes += stores[value].Bytes;
        return bytes;
    }

    /// <summary>A checkpointed part that is being followed: it keeps on its own, one such part at a time.</summary>
    private readonly record struct Segment(int End, long Bytes)
    {
        public HashSet<Store>? Kept { get; init; }
    }

    /// <summary>The memory that a tensor and its views lie in.</summary>
    private sealed class Store(long bytes, int born)
    {
        public long Bytes => bytes;

        public int Born { get; } = born;

        public int Last { get; set; } = born;
    }
}
