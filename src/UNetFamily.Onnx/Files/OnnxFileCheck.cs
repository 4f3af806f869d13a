namespace UNetFamily;

/// <summary>
/// Looks through an ONNX file before ONNX Runtime's native code sees it: whether it is whole, whether sizes make sense, and whether weights outside of it lie beside it. Numbers of weights are passed over, so a
/// large file needs little memory.
/// </summary>
internal static class OnnxFileCheck
{
    private const long MostStructure = 256 << 20;
    private const int MaximumRank = 64;

    // Numbers of fields in onnx.proto.
    private const int ModelGraph = 7, GraphInitializer = 5;
    private const int TensorFloats = 4, TensorRaw = 9;

    private static readonly int[] TensorNumbers = [TensorFloats, 5, 6, 7, TensorRaw, 10, 11];

    /// <summary>Checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The texts that it has about itself.</returns>
    /// <exception cref="CheckpointException">It is none of ONNX, or harmful; the message says why.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
        var reader = new WireReader(path, stream);
        var model = new ModelProto();
        while (reader.Next(stream.Length, out var field))
        {
            if (field.Number == ModelGraph && field.IsMessage) ReadGraph(path, reader, field.End, model);
            else Merge(path, field.Start, model, reader.Take(field, MostStructure));
        }
        if (model.Graph is null || model.IrVersion < 1 || model.OpsetImport.Count == 0) throw new CheckpointException(path, null, "It is no ONNX model, or cut off: it has no graph, or no version.");
        RequireGraph(path, model.Graph);
        foreach (var function in model.Functions) RequireNodes(path, function.Node);

        var metadata = new Dictionary<string, string>();
        foreach (var entry in model.MetadataProps)
            if (!metadata.TryAdd(entry.Key, entry.Value)) throw new CheckpointException(path, null, $"It has two texts named '{Printable.Of(entry.Key, 60)}'.");
        if (model.ProducerName == OnnxMetadata.Producer && !(metadata.TryGetValue(OnnxMetadata.Count, out var count) && int.TryParse(count, out var texts) && metadata.Count >= texts))
            throw new CheckpointException(path, null, $"It has {metadata.Count} texts of {Printable.Of(count ?? "more", 20)}: it is cut off.");
        return metadata;
    }

    private static void ReadGraph(string path, WireReader reader, long end, ModelProto model)
    {
        model.Graph ??= new GraphProto();
        while (reader.Next(end, out var field))
        {
            if (field.Number == GraphInitializer && field.IsMessage) model.Graph.Initializer.Add(ReadTensor(path, reader, field.End));
            else Merge(path, field.Start, model.Graph, reader.Take(field, MostStructure));
        }
    }

    /// <summary>A weight without its numbers, after their length was compared with its shape.</summary>
    private static TensorProto ReadTensor(string path, WireReader reader, long end)
    {
        var (tensor, start, raw) = (new TensorProto(), reader.Position, -1L);
        while (reader.Next(end, out var field))
        {
            if (field.IsMessage && TensorNumbers.Contains(field.Number))
            {
                if (field.Number == TensorRaw) raw = field.End - reader.Position;
                reader.Skip(field);
            }
            else Merge(path, field.Start, tensor, reader.Take(field, MostStructure));
        }
        RequireTensor(path, tensor, raw, start);
        return tensor;
    }

    private static void Merge(string path, long position, IMessage message, byte[] bytes)
    {
        try
        {
            message.MergeFrom(bytes);
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new CheckpointException(path, position, $"It is no ONNX model, or damaged: {broken.Message}", broken);
        }
    }

    private static void RequireGraph(string path, GraphProto graph)
    {
        foreach (var tensor in graph.Initializer)
            if (tensor.ExternalData.Count > 0 || tensor.DataLocation is TensorProto.Types.DataLocation.External) RequireBeside(path, tensor);
        foreach (var sparse in graph.SparseInitializer) RequireSparse(path, sparse);
        foreach (var value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
            if (value.Type?.TensorType?.Shape is { } shape)
                foreach (var side in shape.Dim)
                    if (side.DimValue < 0) throw new CheckpointException(path, null, $"'{Printable.Of(value.Name, 60)}' has a side of {side.DimValue}.");
        RequireNodes(path, graph.Node);
    }

    private static void RequireNodes(string path, IEnumerable<NodeProto> nodes)
    {
        foreach (var attribute in nodes.SelectMany(node => node.Attribute))
        {
            foreach (var tensor in attribute.T is { } one ? attribute.Tensors.Prepend(one) : attribute.Tensors) RequireWhole(path, tensor);
            foreach (var sparse in attribute.SparseTensor is { } one ? attribute.SparseTensors.Prepend(one) : attribute.SparseTensors) RequireSparse(path, sparse);
            foreach (var graph in attribute.G is { } one ? attribute.Graphs.Prepend(one) : attribute.Graphs)
            {
                foreach (var tensor in graph.Initializer) RequireWhole(path, tensor);
                RequireGraph(path, graph);
            }
        }
    }

    private static void RequireSparse(string path, SparseTensorProto sparse)
    {
        if (sparse.Values is { } values) RequireWhole(path, values);
        if (sparse.Indices is { } indices) RequireWhole(path, indices);
        if (sparse.Dims.Any(side => side < 0)) throw new CheckpointException(path, null, "A sparse tensor has a negative side.");
    }

    /// <summary>A tensor that was read with its numbers.</summary>
    private static void RequireWhole(string path, TensorProto tensor)
    {
        RequireTensor(path, tensor, tensor.HasRaw() ? tensor.RawData.Length : -1, position: null);
        if (tensor.ExternalData.Count > 0 || tensor.DataLocation is TensorProto.Types.DataLocation.External) RequireBeside(path, tensor);
    }

    private static void RequireTensor(string path, TensorProto tensor, long raw, long? position)
    {
        long[] shape = [.. tensor.Dims];
        if (shape.Length > MaximumRank || Shapes.Count(shape) is not { } count)
            throw new CheckpointException(path, position, $"'{Printable.Of(tensor.Name, 60)}' has sides ({string.Join(", ", shape.Take(MaximumRank))}), which no tensor has.");
        if (raw >= 0 && BytesOf(tensor, count) is { } bytes && bytes != raw)
            throw new CheckpointException(path, position, $"'{Printable.Of(tensor.Name, 60)}' needs {bytes} bytes for ({string.Join(", ", shape)}), and has {raw}.");
    }

    /// <summary>Weights outside of the file: beside it and nowhere else, and all there.</summary>
    private static void RequireBeside(string path, TensorProto tensor)
    {
        var name = Printable.Of(tensor.Name, 60);
        var entries = tensor.ExternalData.GroupBy(entry => entry.Key).ToDictionary(group => group.Key, group => group.Last().Value);
        if (!entries.TryGetValue("location", out var location) || location.Length == 0) throw new CheckpointException(path, null, $"'{name}' lies outside of the file, which doesn't say where.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string[] parts = location.Split('/', '\\');
        if (Path.IsPathRooted(location) || parts.Any(part => part is "" or "." or "..") || location.Contains(':', StringComparison.Ordinal) || location.Contains('\0', StringComparison.Ordinal))
            throw new CheckpointException(path, null, $"'{name}' would be read from '{Printable.Of(location)}'. Weights must lie beside the file: no absolute path, and no '..'.");
        var file = new FileInfo(Path.Combine([folder, .. parts]));
        if (!file.Exists) throw new CheckpointException(path, null, $"'{name}' lies in '{Printable.Of(location)}' beside the file, which isn't there. Both files belong together.");
        for (FileSystemInfo? step = file; step is not null && step.FullName.Length > folder.Length; step = step is FileInfo f ? f.Directory : ((DirectoryInfo)step).Parent)
            if (step.LinkTarget is not null) throw new CheckpointException(path, null, $"'{name}' would be read through the link '{Printable.Of(location)}'. Weights must lie beside the file itself.");

        var (offset, length) = (Number("offset") ?? 0, Number("length"));
        var needed = BytesOf(tensor, Shapes.Count([.. tensor.Dims]) ?? 0);
        if (needed is not null && length is not null && needed != length) throw new CheckpointException(path, null, $"'{name}' needs {needed} bytes for ({string.Join(", ", tensor.Dims)}), and {length} lie outside of the file.");
        if (offset > file.Length || (needed ?? length ?? 0) > file.Length - offset)
            throw new CheckpointException(path, null, $"'{name}' lies at byte {offset} of '{Printable.Of(location)}', {needed ?? length} long; that file has {file.Length} bytes. It is cut off, or another one.");

        long? Number(string key) => !entries.TryGetValue(key, out var text) ? null
            : long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number
            : throw new CheckpointException(path, null, $"'{name}' has a {key} of '{Printable.Of(text, 40)}' outside of the file; it must be a whole number of 0 or more.");
    }

    /// <summary>How many bytes its numbers take, one after the other; null for types that are packed or have no fixed size.</summary>
    private static long? BytesOf(TensorProto tensor, long count)
    {
        var each = (TensorProto.Types.DataType)tensor.DataType switch
        {
            TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Int32 or TensorProto.Types.DataType.Uint32 => 4,
            TensorProto.Types.DataType.Double or TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Uint64 or TensorProto.Types.DataType.Complex64 => 8,
            TensorProto.Types.DataType.Float16 or TensorProto.Types.DataType.Bfloat16 or TensorProto.Types.DataType.Int16 or TensorProto.Types.DataType.Uint16 => 2,
            TensorProto.Types.DataType.Uint8 or TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Bool => 1,
            TensorProto.Types.DataType.Complex128 => 16,
            _ => 0,
        };
        return each == 0 ? null : count <= long.MaxValue / each ? count * each : long.MaxValue;
    }

    private static bool HasRaw(this TensorProto tensor) => tensor.RawData.Length > 0;
}
