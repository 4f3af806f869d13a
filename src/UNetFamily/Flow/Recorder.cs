namespace UNetFamily;

/// <summary>Follows flows on shapes and records what they do.</summary>
internal sealed class Recorder
{
    private readonly nn.Module root;
    private readonly Stack<nn.Module> scopes = new();
    private readonly bool runs;

    private Recorder(nn.Module root, long[][] inputs, bool runs)
    {
        (this.root, this.runs, Graph) = (root, runs, new FlowGraph(inputs));
        scopes.Push(root);
    }

    public FlowGraph Graph { get; }

    /// <summary>Records a flow.</summary>
    /// <param name="root">The module whose flow it is; paths in messages start below it.</param>
    /// <param name="flow">The flow.</param>
    /// <param name="inputs">The shapes of the inputs, batch first.</param>
    /// <param name="runs">Whether it is about to run with just these shapes and in the present modes.</param>
    /// <exception cref="NotDescribedException">A module is not known.</exception>
    /// <exception cref="ArgumentException">A map doesn't fit a layer.</exception>
    public static FlowGraph Record(nn.Module root, Func<FeatureMap[], FeatureMap[]> flow, long[][] inputs, bool runs = false)
    {
        var recorder = new Recorder(root, inputs, runs);
        var maps = new FeatureMap[inputs.Length];
        for (var i = 0; i < maps.Length; i++) maps[i] = new DescribedMap(recorder, i);
        recorder.Graph.Outputs = Ids(flow(maps));
        return recorder.Graph;
    }

    public DescribedMap Apply(Operation operation, FeatureMap[] operands)
    {
        var ids = Ids(operands);
        var shapes = new long[ids.Length][];
        for (var i = 0; i < ids.Length; i++) shapes[i] = Graph.ShapeOf(ids[i]);
        long[] shape;
        try
        {
            shape = operation.Shape(shapes);
        }
        catch (ArgumentException wrong)
        {
            throw new ArgumentException($"{Where(operation.Layer)}{wrong.Message}", wrong);
        }
        if (runs && operation.Problem(shapes) is { } problem) throw new ArgumentException($"{Where(operation.Layer)}{problem}");
        return new DescribedMap(this, Graph.Add(new FlowNode(operation, ids, shape, scopes.Peek())));
    }

    public FeatureMap[] Within(nn.Module module, FeatureMap[] operands, Func<FeatureMap[]> flow, bool isCheckpointed = false)
    {
        var region = Graph.Begin(module, Ids(operands), isCheckpointed);
        scopes.Push(module);
        var results = flow();
        scopes.Pop();
        region.End = Graph.Nodes.Count;
        region.Results = Ids(results);
        return results;
    }

    public NotDescribedException Unknown(nn.Module module) => new(
        $"{module.GetType().Name}{(PathOf(module) is { } path ? $" ({path} of {root.GetName()})" : "")} runs but can't be described: derive it from {nameof(Block)} (or {nameof(Block2)}, with two inputs), and write its forward as a flow of {nameof(FeatureMap)}s.");

    private static int[] Ids(FeatureMap[] maps)
    {
        var ids = new int[maps.Length];
        for (var i = 0; i < ids.Length; i++) ids[i] = ((DescribedMap)maps[i]).Id;
        return ids;
    }

    private string Where(nn.Module? layer) => PathOf(layer ?? scopes.Peek()) is { } path ? $"{root.GetName()}, {path}: " : "";

    private string? PathOf(nn.Module module) => root.named_modules().Where(entry => ReferenceEquals(entry.module, module)).Select(entry => entry.name).FirstOrDefault();
}
