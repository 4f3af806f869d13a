namespace UNetFamily;

/// <summary>
/// One run of a flow on tensors. It goes beside the flow's graph, recorded just before, and so knows the last use of each map. Where something in the flow can't be described there is no graph, and the maps
/// of each block go when the block ends.
/// </summary>
internal sealed class LiveRun
{
    private readonly FlowGraph? graph;
    private readonly Liveness? liveness;
    private readonly Tensor?[] values;
    private readonly bool recording = is_grad_enabled();
    private List<(int Id, Tensor Handle)>? passedOn;
    private int next;

    private LiveRun(FlowGraph? graph, Tensor[] inputs)
    {
        this.graph = graph;
        liveness = graph is null ? null : new Liveness(graph);
        values = new Tensor?[graph?.Values ?? 0];
        if (graph is not null) inputs.CopyTo(values, 0);
    }

    /// <summary>Runs a flow.</summary>
    /// <param name="root">The module whose flow it is.</param>
    /// <param name="flow">The flow.</param>
    /// <param name="inputs">Its inputs; they stay as they are.</param>
    /// <returns>Its outputs, each a handle of its own; nothing else that was made is alive.</returns>
    public static Tensor[] Of(nn.Module root, Func<FeatureMap[], FeatureMap[]> flow, params Tensor[] inputs)
    {
        foreach (var input in inputs) ArgumentNullException.ThrowIfNull(input);
        var graph = Described(root, flow, inputs);
        using var scope = NewDisposeScope();
        var run = new LiveRun(graph, inputs);
        var maps = new FeatureMap[inputs.Length];
        for (var i = 0; i < maps.Length; i++) maps[i] = new LiveMap(run, inputs[i], graph is null ? -1 : i);

        var outputs = flow(maps);
        var results = new Tensor[outputs.Length];
        for (var i = 0; i < results.Length; i++)
        {
            var tensor = outputs[i].Tensor;
            // An input, a weight, or a map that comes out twice: handles that are not this run's to give away.
            results[i] = scope.Contains(tensor) && Array.IndexOf(results, tensor, 0, i) < 0 ? tensor : tensor.alias();
        }
        scope.MoveToOuter(results);
        return results;
    }

    public long[]? ShapeOf(int id) => id < 0 ? null : graph?.ShapeOf(id);

    public LiveMap Apply(Operation operation, FeatureMap[] operands)
    {
        var tensors = new Tensor[operands.Length];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = operands[i].Tensor;
        if (liveness is null) return new LiveMap(this, operation.Run(tensors), -1);

        var node = next++;
        if (node >= graph!.Nodes.Count || !IsAsDescribed(graph.Nodes[node], operation, operands)) throw Diverged();
        using var copy = liveness.NeedsCopy(node) ? tensors[0] = tensors[0].clone() : null;
        var over = liveness.Overwritten(node, recording);
        // Types differ where hooks convert, as in mixed precision.
        var result = over >= 0 && Array.TrueForAll(tensors, tensor => tensor.dtype == tensors[over].dtype) ? operation.Overwrite(tensors, over) : operation.Run(tensors);
        var id = graph.ValueOf(node);
        values[id] = result;
        Free(node);
        return new LiveMap(this, result, id);
    }

    /// <summary>Follows the flow of a module inside this one.</summary>
    public FeatureMap[] Within(Func<FeatureMap[]> flow)
    {
        if (graph is not null) return flow();

        using var scope = NewDisposeScope();
        var results = flow();
        scope.MoveToOuter(results.Select(map => map.Tensor).Where(scope.Contains).Distinct());
        return results;
    }

    /// <summary>A module inside this flow was called as a whole, and went its own way there.</summary>
    /// <param name="module">The module.</param>
    /// <param name="results">What it gave.</param>
    public FeatureMap[] Called(nn.Module module, Tensor[] results)
    {
        if (graph is null) return [.. results.Select(Untracked)];

        var region = graph.Regions.FirstOrDefault(region => region.Start == next && ReferenceEquals(region.Module, module)) ?? throw Diverged();
        var maps = new FeatureMap[results.Length];
        for (var i = 0; i < maps.Length; i++)
        {
            var id = region.Results[i];
            // What passes an input on, as an identity does, has made another handle of it: both go together.
            if (values[id] is not null) (passedOn ??= []).Add((id, results[i]));
            else values[id] = results[i];
            maps[i] = new LiveMap(this, results[i], id);
        }
        for (; next < region.End; next++) Free(next);
        return maps;
    }

    public LiveMap Untracked(Tensor tensor) => new(this, tensor, -1);

    private static FlowGraph? Described(nn.Module root, Func<FeatureMap[], FeatureMap[]> flow, Tensor[] inputs)
    {
        try
        {
            return Recorder.Record(root, flow, Array.ConvertAll(inputs, input => input.shape), runs: true);
        }
        catch (NotDescribedException)
        {
            return null;
        }
    }

    private static bool IsAsDescribed(FlowNode node, Operation operation, FeatureMap[] operands)
    {
        if (node.Operation.GetType() != operation.GetType() || node.Operands.Length != operands.Length) return false;
        for (var i = 0; i < operands.Length; i++)
            if (node.Operands[i] != ((LiveMap)operands[i]).Id) return false;
        return true;
    }

    private void Free(int node)
    {
        for (var value = liveness!.FirstFreed(node); value >= 0; value = liveness.NextFreed(value))
        {
            var tensor = values[value];
            values[value] = null;
            // What was written in place goes on under another number.
            if (tensor is not null && !ReferenceEquals(tensor, values[graph!.ValueOf(node)])) tensor.Dispose();
            foreach (var (id, handle) in passedOn ?? [])
                if (id == value && !ReferenceEquals(handle, values[graph!.ValueOf(node)])) handle.Dispose();
        }
    }

    private static InvalidOperationException Diverged() => new("A flow did something else when it ran than when it was described. What it does may depend on options, modes and sizes, and on nothing that changes while it runs.");
}
