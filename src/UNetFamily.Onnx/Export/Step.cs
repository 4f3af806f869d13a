namespace UNetFamily;

/// <summary>An operation that is to be written, with all that its writer may ask for.</summary>
/// <param name="writer">Takes nodes and weights.</param>
/// <param name="path">The module that it belongs to.</param>
/// <param name="operands">The names of its operands.</param>
/// <param name="shapes">Their shapes.</param>
/// <param name="shape">The shape that comes out.</param>
internal sealed class Step(GraphWriter writer, string path, string[] operands, long[][] shapes, long[] shape)
{
    public GraphWriter Writer => writer;

    public string Path => path;

    public string[] Operands => operands;

    public long[][] Shapes => shapes;

    public long[] Shape => shape;

    /// <summary>What a shape, of an operand or of what comes out, is for a batch of another size.</summary>
    public required Func<long[], long[]> OfOtherBatch { get; init; }

    /// <summary>The name of a parameter that no layer holds.</summary>
    public required Func<Parameter, string> NameOf { get; init; }

    /// <summary>How many spatial axes the first operand has.</summary>
    public int SpatialAxes => shapes[0].Length - 2;

    /// <summary>Adds a node under this operation's path.</summary>
    public string Add(string operation, string[] inputs, params ReadOnlySpan<(string Name, object Value)> attributes) => writer.Add(path, operation, inputs, attributes);

    /// <summary>A weight of this operation's layer.</summary>
    /// <param name="name">Its name in the layer.</param>
    /// <param name="weight">Its numbers.</param>
    /// <param name="axes">The axes under which it is to be seen; its own when left out.</param>
    public string Weight(string name, Tensor weight, params ReadOnlySpan<long> axes)
    {
        var seen = axes.IsEmpty ? weight.shape : axes.ToArray();
        var key = axes.IsEmpty || seen.AsSpan().SequenceEqual(weight.shape) ? $"{path}.{name}" : $"{path}.{name}{seen.Print()}";
        return writer.Weight(path.Length > 0 ? key : key[1..], seen, () => weight.reshape(seen));
    }

    /// <summary>A weight that was made for this operation alone, under the name that such a weight of its layer has.</summary>
    public string OwnWeight(string name, Tensor weight) => writer.NewWeight(path.Length > 0 ? $"{path}.{name}" : name, weight.shape, () => weight);

    /// <summary>One number for each channel, under the axes of a map: (1, C, 1, …).</summary>
    public string PerChannel(string name, Tensor weight) => Weight(name, weight, [1, shapes[0][1], .. Enumerable.Repeat(1L, SpatialAxes)]);

    /// <summary>What can't be expressed, with the module's path.</summary>
    public NotSupportedException Refuse(string why) => new($"{(path.Length > 0 ? $"{path}: " : "")}{why}");
}
