using System.Globalization;
using DataType = Onnx.TensorProto.Types.DataType;

namespace UNetFamily;

/// <summary>An ONNX graph in the making: nodes, weights and their names.</summary>
/// <param name="name">The name of the network.</param>
/// <param name="halfWeights">Whether kernels and matrices are stored as 16-bit numbers.</param>
/// <param name="made">What holds weights that were made for the file; it is freed with the writer.</param>
internal sealed class GraphWriter(string name, bool halfWeights, IDisposable made) : IDisposable
{
    private readonly Dictionary<string, string> constants = [];
    private readonly Dictionary<string, string> weights = [];
    private readonly HashSet<string> taken = [];

    /// <summary>The graph, as yet without the numbers of <see cref="Weights"/>.</summary>
    public GraphProto Graph { get; } = new() { Name = name };

    /// <summary>The weights in the order in which they are used.</summary>
    public List<OnnxWeight> Weights { get; } = [];

    /// <summary>What the file says of itself.</summary>
    public Dictionary<string, string> Metadata { get; } = [];

    /// <summary>The version of the operators.</summary>
    public long Opset { get; private set; } = 17;

    /// <summary>Adds a node of one result.</summary>
    /// <param name="path">The module that it belongs to.</param>
    /// <param name="operation">The operator.</param>
    /// <param name="inputs">The names of its inputs; empty where an optional one is left out.</param>
    /// <param name="attributes">Whole numbers, numbers, texts, and lists of whole numbers.</param>
    /// <returns>The name of the result.</returns>
    public string Add(string path, string operation, string[] inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var node = new NodeProto { Name = Unique(path.Length > 0 ? $"{path}/{operation}" : operation), OpType = operation };
        node.Input.AddRange(inputs);
        node.Output.Add(node.Name);
        foreach (var (attribute, value) in attributes) node.Attribute.Add(Attribute(attribute, value));
        Graph.Node.Add(node);
        return node.Name;
    }

    /// <summary>Gives a value the name of an output.</summary>
    public void Name(string value, string output)
    {
        taken.Add(output);
        Graph.Node.Add(new NodeProto { Name = output, OpType = "Identity", Input = { value }, Output = { output } });
    }

    /// <summary>Says which version of the operators is needed.</summary>
    public void Require(long opset) => Opset = Math.Max(Opset, opset);

    /// <summary>A weight, under its name in the network; used twice, it is stored once.</summary>
    /// <param name="weight">Its name, which also says how it is read where there are several ways.</param>
    /// <param name="shape">The axes under which it is stored.</param>
    /// <param name="numbers">Its numbers in that order.</param>
    /// <returns>The name of the float32 value.</returns>
    public string Weight(string weight, ReadOnlySpan<long> shape, Func<Tensor> numbers) =>
        weights.TryGetValue(weight, out var known) ? known : weights[weight] = NewWeight(weight, shape, numbers);

    /// <summary>A weight that nothing else uses.</summary>
    /// <param name="weight">Its name, where that is free.</param>
    /// <param name="shape">The axes under which it is stored.</param>
    /// <param name="numbers">Its numbers in that order.</param>
    /// <returns>The name of the float32 value.</returns>
    public string NewWeight(string weight, ReadOnlySpan<long> shape, Func<Tensor> numbers)
    {
        // Statistics, scales and biases are few, and may lie outside of what 16 bits hold.
        var half = halfWeights && shape.Length > 1;
        var stored = new OnnxWeight(Unique(weight), half ? DataType.Float16 : DataType.Float, shape.ToArray(), numbers);
        Weights.Add(stored);
        return half ? Add(weight, "Cast", [stored.Name], ("to", (long)DataType.Float)) : stored.Name;
    }

    /// <summary>Whole numbers, as of a shape.</summary>
    public string Constant(params long[] numbers) => Constant($"integers_{string.Join('_', numbers)}", DataType.Int64, [numbers.Length],
        UnsafeByteOperations.UnsafeWrap(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray()));

    /// <summary>A number.</summary>
    public string Number(double number) => Constant(string.Create(CultureInfo.InvariantCulture, $"number_{number}"), DataType.Float, [], ByteString.CopyFrom(BitConverter.GetBytes((float)number)));

    /// <summary>A list of numbers.</summary>
    public string Numbers(params float[] numbers) => Constant(string.Create(CultureInfo.InvariantCulture, $"numbers_{string.Join('_', numbers)}"), DataType.Float, [numbers.Length],
        UnsafeByteOperations.UnsafeWrap(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray()));

    /// <summary>As many ones or zeros.</summary>
    public string Repeated(float number, long count) => Constant(string.Create(CultureInfo.InvariantCulture, $"{count}_times_{number}"), DataType.Float, [count],
        UnsafeByteOperations.UnsafeWrap(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Enumerable.Repeat(number, checked((int)count)).ToArray().AsSpan()).ToArray()));

    /// <summary>Frees weights that were made for the file.</summary>
    public void Dispose() => made.Dispose();

    private string Constant(string what, DataType type, long[] shape, ByteString bytes)
    {
        if (constants.TryGetValue(what, out var known)) return known;
        var tensor = new TensorProto { Name = Unique(what), DataType = (int)type, RawData = bytes };
        tensor.Dims.AddRange(shape);
        Graph.Initializer.Add(tensor);
        return constants[what] = tensor.Name;
    }

    private string Unique(string name)
    {
        var unique = name;
        for (var i = 2; !taken.Add(unique); i++) unique = $"{name}_{i}";
        return unique;
    }

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case long number: (attribute.Type, attribute.I) = (AttributeProto.Types.AttributeType.Int, number); break;
            case double number: (attribute.Type, attribute.F) = (AttributeProto.Types.AttributeType.Float, (float)number); break;
            case string text: (attribute.Type, attribute.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(text)); break;
            case long[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(numbers);
                break;
            default: throw new ArgumentException($"{value.GetType().Name} is no type of an attribute here.", nameof(value));
        }
        return attribute;
    }
}
