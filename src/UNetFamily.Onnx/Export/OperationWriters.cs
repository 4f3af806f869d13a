namespace UNetFamily;

/// <summary>How each operation of a flow is written in ONNX.</summary>
internal static class OperationWriters
{
    private static readonly Dictionary<Type, Func<Step, Operation, string>> All = [];

    /// <summary>Operations, or what they derive from, that are not written, and why.</summary>
    public static IReadOnlyDictionary<Type, string> NotWritten { get; } = new Dictionary<Type, string>
    {
        [typeof(PlacedOperation)] = "it belongs to an inference plan, and stands in no recorded graph",
    };

    static OperationWriters()
    {
        Add<Convolve>(Convolutions.Forward);
        Add<ConvolveTransposed>(Convolutions.Transposed);
        Add<MaxPool>((step, _) => Pools.Max(step, _.Layer));
        Add<AveragePool>((step, _) => Pools.Average(step, _.Layer));
        Add<ApplyLinear>(LinearLayers.Linear);
        Add<ApplyLinearToChannels>(LinearLayers.LinearOnChannels);
        Add<MatMul>((step, _) => step.Add("MatMul", step.Operands));
        Add<NormalizeMap>(Norms.Map);
        Add<NormalizeGroups>(Norms.Groups);
        Add<NormalizeLast>(Norms.Last);
        Add<NormalizeChannels>(Norms.Channels);
        Add<NormalizeResponse>(Norms.Response);
        Add<L2Norm>((step, norm) => step.Add("Max", [step.Add("ReduceL2", step.Operands, ("axes", new[] { -1L }), ("keepdims", 1L)), step.Writer.Number(norm.Eps)]));
        Add<Activate>(Activations.Layer);
        Add<SigmoidOrTanh>((step, operation) => step.Add(operation.IsTanh ? "Tanh" : "Sigmoid", step.Operands));
        Add<Softmax>((step, softmax) => step.Add("Softmax", step.Operands, ("axis", (long)softmax.Axis)));
        Add<Sum>((step, _) => step.Add("Add", step.Operands));
        Add<Product>((step, _) => step.Add("Mul", step.Operands));
        Add<Quotient>((step, _) => step.Add("Div", step.Operands));
        Add<AddCmul>((step, _) => step.Add("Add", [step.Operands[0], step.Add("Mul", step.Operands[1..])]));
        Add<Concatenation>((step, _) => step.Add("Concat", step.Operands, ("axis", 1L)));
        Add<Narrow>((step, narrow) => Layouts.Slice(step, [(1, narrow.Start)]));
        Add<Crop>((step, crop) => Layouts.Slice(step, [.. Enumerable.Range(0, step.SpatialAxes).Select(axis => (axis + 2, crop.Start(step.Shapes[0], axis)))]));
        Add<Pad>((step, pad) => Layouts.Pad(step, step.Operands[0], pad.Ends, "constant"));
        Add<Reshape>((step, _) => Layouts.Reshape(step));
        Add<AxialShift>(Layouts.Shift);
        Add<AdaptivePool>(Pools.Adaptive);
        Add<Greater>((step, _) => step.Add("Cast", [step.Add("Greater", step.Operands)], ("to", (long)TensorProto.Types.DataType.Float)));
        Add<Transpose>(Layouts.Transpose);
        Add<Resize>(Layouts.Resize);
        Add<ResizeTo>(Layouts.ResizeTo);
        Add<WeightOperand>((step, weight) => step.Writer.Weight($"{step.NameOf(weight.Parameter)}{(weight.IsTheParameter ? "" : step.Shape.Print())}", step.Shape, () => weight.Parameter.reshape(step.Shape)));
        // In evaluation they let everything through.
        Add<DropNumbers>((step, _) => step.Operands[0]);
        Add<DropSamples>((step, _) => step.Operands[0]);
    }

    /// <summary>The operations that can be written.</summary>
    public static IEnumerable<Type> Known => All.Keys;

    /// <summary>Writes an operation.</summary>
    /// <returns>The name of its result.</returns>
    /// <exception cref="NotSupportedException">It can't be expressed; the message names the module's path.</exception>
    public static string Write(Step step, Operation operation) =>
        All.TryGetValue(operation.GetType(), out var write) ? write(step, operation) : throw step.Refuse($"{operation.Name} can't be written in ONNX.");

    private static void Add<T>(Func<Step, T, string> write) where T : Operation => All.Add(typeof(T), (step, operation) => write(step, (T)operation));
}
