namespace UNetFamily;

/// <summary>Writes ONNX files.</summary>
internal static class OnnxFile
{
    private const long IrVersion = 8;

    /// <summary>What stays in the file itself when weights go beside it: what is smaller than a page isn't worth a place of its own.</summary>
    private const long Small = 1024;

    /// <summary>Where weights begin in a file of their own, so that it can be mapped.</summary>
    private const long Alignment = 4096;

    /// <summary>Writes a network, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="network">The network.</param>
    /// <param name="mostInside">The most bytes of weights that the file itself holds.</param>
    public static void Write(string path, GraphWriter network, long mostInside)
    {
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = OnnxMetadata.Producer, ProducerVersion = network.Metadata.GetValueOrDefault("unetfamily.version", ""), Graph = network.Graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = network.Opset });
        model.MetadataProps.Add(new StringStringEntryProto { Key = OnnxMetadata.Count, Value = $"{network.Metadata.Count + 1}" });
        foreach (var (name, text) in network.Metadata) model.MetadataProps.Add(new StringStringEntryProto { Key = name, Value = text });

        if (network.Weights.Sum(weight => weight.Bytes) <= mostInside)
        {
            foreach (var weight in network.Weights) Inside(weight);
            WholeFile.Write(path, stream => WriteModel(stream));
            return;
        }

        // The weights first: the name of the network stands for a network that has them.
        var data = WholeFile.Target(path) + ".data";
        WholeFile.Write(data, stream =>
        {
            foreach (var weight in network.Weights)
            {
                if (weight.Bytes < Small) Inside(weight);
                else Beside(weight, stream, Path.GetFileName(data));
            }
        });
        WholeFile.Write(path, stream => WriteModel(stream));

        void Inside(OnnxWeight weight)
        {
            var tensor = weight.Head();
            weight.Read(bytes => tensor.RawData = ByteString.CopyFrom(bytes));
            network.Graph.Initializer.Add(tensor);
        }

        void Beside(OnnxWeight weight, Stream stream, string file)
        {
            stream.SetLength((stream.Position + Alignment - 1) / Alignment * Alignment);
            stream.Position = stream.Length;
            var tensor = weight.Head();
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            foreach (var (key, value) in new[] { ("location", file), ("offset", $"{stream.Position}"), ("length", $"{weight.Bytes}") })
                tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
            weight.Read(bytes => stream.Write(bytes));
            network.Graph.Initializer.Add(tensor);
        }

        void WriteModel(Stream stream)
        {
            using var output = new CodedOutputStream(stream, leaveOpen: true);
            model.WriteTo(output);
        }
    }
}
