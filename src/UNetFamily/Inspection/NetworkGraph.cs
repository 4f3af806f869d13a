namespace UNetFamily;

/// <summary>
/// What a network or block computes at one size: its operations in order, as <see cref="ModelInspection.Describe(SegmentationModel, ReadOnlySpan{long})"/> recorded them. Values are numbered: 0 is the
/// input, and operation i makes value i + 1.
/// </summary>
public sealed class NetworkGraph
{
    private readonly FlowGraph graph;
    private readonly SegmentationModelOptions? options;

    internal NetworkGraph(nn.Module root, FlowGraph graph)
    {
        this.graph = graph;
        options = (root as SegmentationModel)?.Options;
        var paths = ModulePaths.Of(root);
        var names = new Dictionary<Parameter, string>(ReferenceEqualityComparer.Instance);
        foreach (var (name, parameter) in root.named_parameters()) names.TryAdd(parameter, name);
        Operations = [.. graph.Nodes.Select(node => new GraphOperation(node.Operation.Name, node.Operation.Layer?.GetType().Name, paths.GetValueOrDefault(node.Operation.Layer ?? node.Scope, ""),
            [.. node.Operands], [.. node.Shape], node.Operation.Macs(graph.OperandShapes(node), node.Shape), [.. WeightsOf(node.Operation).Select(weight => names.GetValueOrDefault(weight, ""))]))];
    }

    /// <summary>The operations in order.</summary>
    public IReadOnlyList<GraphOperation> Operations { get; }

    /// <summary>The shape of the input, batch first.</summary>
    public ValueList<long> InputShape => [.. graph.Inputs[0]];

    /// <summary>The shape of the first output, batch first.</summary>
    public ValueList<long> Shape => [.. graph.ShapeOf(graph.Outputs[0])];

    /// <summary>The values that come out: of a network the finest logits, then those of deep supervision.</summary>
    public IReadOnlyList<int> Outputs => graph.Outputs;

    /// <summary>Whether the flow asked for a size, so that another size may give another graph, and not only other shapes.</summary>
    public bool UsesSizes => graph.UsesSizes;

    /// <summary>Runs the graph, operation by operation. It gives what the network gives, bit for bit.</summary>
    /// <param name="input">A batch of <see cref="InputShape"/>, but for the number of samples where no size is used.</param>
    /// <returns>The values of <see cref="Outputs"/>; the caller disposes them.</returns>
    public IReadOnlyList<Tensor> Run(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return options is null ? RunOn(input) : TrainingLayout.Run(options, input, RunOn);
    }

    private Tensor[] RunOn(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (values, liveness) = (new Tensor[graph.Values], new Liveness(graph));
        values[0] = input;
        for (var node = 0; node < graph.Nodes.Count; node++)
        {
            var operands = Array.ConvertAll(graph.Nodes[node].Operands, operand => values[operand]);
            if (liveness.NeedsCopy(node)) operands[0] = operands[0].clone();
            values[graph.ValueOf(node)] = graph.Nodes[node].Operation.Run(operands);
        }
        Tensor[] outputs = [.. graph.Outputs.Select(output => values[output].alias())];
        scope.MoveToOuter(outputs);
        return outputs;
    }

    /// <summary>The operations as lines of text.</summary>
    public override string ToString() => string.Join('\n', Operations.Select((operation, i) => $"{i + 1}: {operation}"));

    private static IEnumerable<Parameter> WeightsOf(Operation operation) => operation is WeightOperand weight ? [weight.Parameter] : operation.Layer?.parameters() ?? [];
}

/// <summary>An operation of a <see cref="NetworkGraph"/>.</summary>
/// <param name="Name">What is computed, such as <c>Convolve</c> or <c>Sum</c>.</param>
/// <param name="Layer">The type of the layer that computes it; null for arithmetic.</param>
/// <param name="Path">The layer's name in the network, or that of the block in whose flow it stands.</param>
/// <param name="Operands">The values that go in.</param>
/// <param name="Shape">The shape that comes out, batch first.</param>
/// <param name="Macs">Its multiply-accumulates, biases left out.</param>
/// <param name="Weights">The names of the weights that it uses.</param>
public sealed record GraphOperation(string Name, string? Layer, string Path, ValueList<int> Operands, ValueList<long> Shape, long Macs, ValueList<string> Weights)
{
    /// <summary><c>Convolve down.0.conv.first.conv [3] (1, 64, 128, 128)</c>.</summary>
    public override string ToString() => $"{Name} {(Path.Length > 0 ? $"{Path} " : "")}{Operands} ({string.Join(", ", Shape)})";
}
