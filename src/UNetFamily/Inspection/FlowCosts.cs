namespace UNetFamily;

/// <summary>The layers of a flow with what they cost, and what each of its modules gives.</summary>
internal sealed class FlowCosts
{
    private readonly Dictionary<nn.Module, string> paths;

    /// <param name="root">The module whose names become the layers' paths.</param>
    /// <param name="graph">Its flow.</param>
    /// <param name="memory">The memory of a training step.</param>
    public FlowCosts(nn.Module root, FlowGraph graph, FlowMemory memory)
    {
        paths = ModulePaths.Of(root);
        var layers = new List<LayerCost>();
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            var (operation, operands, shape, scope) = graph.Nodes[node];
            var shapes = graph.OperandShapes(graph.Nodes[node]);
            var macs = operation.Macs(shapes, shape);
            if (operation.Layer is null && macs == 0 && memory.KeptBy[node] == 0) continue;

            var owned = operation.Layer?.parameters().ToArray() ?? [];
            layers.Add(new LayerCost(PathOf(operation.Layer ?? scope), operation.Layer?.GetType().Name ?? operation.Name, operation.Kind,
                TensorShape.OfSample(shapes[0]), TensorShape.OfSample(shape), owned.Sum(parameter => parameter.numel()), macs)
            {
                TrainableParameters = owned.Where(parameter => parameter.requires_grad).Sum(parameter => parameter.numel()),
                KeptBytes = memory.KeptBy[node],
            });
        }
        Layers = layers;
        foreach (var region in graph.Regions.Where(region => region.Results.Length == 1)) Outputs[PathOf(region.Module)] = TensorShape.OfSample(graph.ShapeOf(region.Results[0]));
    }

    /// <summary>The layers in the order of computation, and those operations that compute products or keep something.</summary>
    public IReadOnlyList<LayerCost> Layers { get; }

    /// <summary>What each module gave last, by path.</summary>
    public Dictionary<string, TensorShape> Outputs { get; } = [];

    private string PathOf(nn.Module module) => paths.GetValueOrDefault(module, module.GetName());
}
