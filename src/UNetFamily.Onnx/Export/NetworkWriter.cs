namespace UNetFamily;

/// <summary>Makes the ONNX model of a network: records what it computes, and writes that down operation by operation.</summary>
internal static class NetworkWriter
{
    private const string Input = "image";

    // Any two batches tell what depends on their size.
    private const long Batch = 2, OtherBatch = 3;

    /// <param name="model">The network, in evaluation mode.</param>
    /// <param name="size">A size that it takes.</param>
    /// <param name="options">How.</param>
    public static GraphWriter Write(SegmentationModel model, long[] size, OnnxExportOptions options)
    {
        Require(model, options);
        long[] shape = [Batch, model.Options.InChannels, .. size];
        var (graph, other) = (model.Record(shape), model.Record([OtherBatch, .. shape[1..]]));
        var sizes = OpenSizes.Of(model, graph, size);
        var folded = FoldedGraph.Of(graph, graph.Outputs.AsSpan(0, options.Auxiliary ? graph.Outputs.Length : 1), options.FoldNorms);
        var writer = new GraphWriter(model.GetName(), options.HalfWeights, folded);
        try
        {
            Write(writer, model, folded.Graph, Twins(graph, other), sizes, options);
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    private static void Write(GraphWriter writer, SegmentationModel model, FlowGraph graph, Dictionary<long[], long[]> twins, InputSizes sizes, OnnxExportOptions options)
    {
        var (shape, size) = (graph.Inputs[0], graph.Inputs[0][2..]);
        var names = Operations(model, graph, twins, writer);

        var spatial = model.Options.SpatialDims.AxisNames;
        writer.Graph.Input.Add(ValueInfo(Input, TensorProto.Types.DataType.Float, shape, axis => spatial[axis]));
        foreach (var (i, output) in graph.Outputs.Index())
        {
            var map = graph.ShapeOf(output);
            var result = Ends.Add(writer, names[output], map, options.Output, i);
            // Sides that are the input's have its names, so that a reader knows that they are equal.
            writer.Graph.Output.Add(ValueInfo(result.Name, result.Type, result.Shape, axis => map[axis + 2] == size[axis] ? spatial[axis] : $"{result.Name}_{spatial[axis]}"));
        }
        foreach (var (name, text) in ModelFile.Metadata(model).Where(entry => entry.Key != "format")) writer.Metadata[name] = text;
        writer.Metadata[OnnxMetadata.Output] = options.Output.ToString();
        writer.Metadata[OnnxMetadata.Sizes] = OnnxMetadata.Write(sizes);
        foreach (var (name, text) in options.Notes) writer.Metadata[name] = text;

        ValueInfoProto ValueInfo(string name, TensorProto.Types.DataType type, long[] axes, Func<int, string> side)
        {
            var proto = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "batch" } } };
            var first = axes.Length - size.Length;
            for (var axis = 1; axis < axes.Length; axis++)
                proto.Dim.Add(axis < first || sizes.Largest is not null ? new TensorShapeProto.Types.Dimension { DimValue = axes[axis] } : new TensorShapeProto.Types.Dimension { DimParam = side(axis - first) });
            return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = proto } } };
        }
    }

    private static void Require(SegmentationModel model, OnnxExportOptions options)
    {
        if (!Enum.IsDefined(options.Output)) throw new ArgumentException($"Output must be {string.Join(", ", Enum.GetNames<OnnxOutput>())}, is {(int)options.Output}.", nameof(options));
        if (options.Output is OnnxOutput.Softmax && model.Options.OutChannels == 1)
            throw new ArgumentException($"Output is Softmax, which makes 1 of the one channel of {model.GetName()}, whatever it is. Nearest: Sigmoid.", nameof(options));
        ArgumentNullException.ThrowIfNull(options.Notes, nameof(options));
        foreach (var name in options.Notes.Keys)
            if (name.StartsWith("unetfamily.", StringComparison.Ordinal)) throw new ArgumentException($"A note must not be named '{name}': names that begin with unetfamily. are the library's.", nameof(options));
    }

    /// <summary>Writes the operations.</summary>
    /// <returns>The name of each value.</returns>
    private static string[] Operations(SegmentationModel model, FlowGraph graph, Dictionary<long[], long[]> twins, GraphWriter writer)
    {
        var (names, paths) = (new string[graph.Values], ModulePaths.Of(model.Whole));
        names[0] = Input;
        var parameters = new Dictionary<Parameter, string>(ReferenceEqualityComparer.Instance);
        foreach (var (name, parameter) in model.Whole.named_parameters()) parameters.TryAdd(parameter, name);
        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            var node = graph.Nodes[i];
            var step = new Step(writer, paths.GetValueOrDefault(node.Operation.Layer ?? node.Scope, ""), [.. node.Operands.Select(operand => names[operand])], graph.OperandShapes(node), node.Shape)
            {
                OfOtherBatch = shape => twins[shape],
                NameOf = parameter => parameters.GetValueOrDefault(parameter, "parameter"),
            };
            names[graph.ValueOf(i)] = OperationWriters.Write(step, node.Operation);
        }
        return names;
    }

    /// <summary>For each shape of a graph, that of the same value for another batch. Folding keeps the shapes and drops values, so they are found by identity.</summary>
    private static Dictionary<long[], long[]> Twins(FlowGraph graph, FlowGraph other)
    {
        var twins = new Dictionary<long[], long[]>(ReferenceEqualityComparer.Instance);
        for (var value = 0; value < graph.Values; value++) twins[graph.ShapeOf(value)] = other.ShapeOf(value);
        return twins;
    }
}
