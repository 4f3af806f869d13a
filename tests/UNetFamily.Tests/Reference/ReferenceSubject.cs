namespace UNetFamily.Tests.Reference;

/// <summary>
/// Our counterpart of an original: the module, the names of its weights, and how to call it so that outputs come in the original's order.
/// </summary>
internal sealed record ReferenceSubject(nn.Module Module, KeyMap Keys, Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> Run)
{
    /// <summary>A network whose original returns the maps in the given order (that of the key map when left out).</summary>
    public static ReferenceSubject Of(SegmentationModel model, KeyMap keys, Func<SegmentationOutput, IEnumerable<Tensor>>? order = null) =>
        new(model, keys, inputs =>
        {
            var output = model.call(inputs[0]);
            return [.. order is null ? keys.InOrder(output) : order(output)];
        });

    /// <summary>A block with one input and one output.</summary>
    public static ReferenceSubject Of(Module<Tensor, Tensor> block, KeyMap keys) => new(block, keys, inputs => [block.call(inputs[0])]);
}

/// <summary>
/// What the tests need to know about an original: how its keyword arguments become our options. One class for each net, general in the arguments.
/// </summary>
internal abstract class ReferenceFamily
{
    /// <summary>The name in <c>cases.json</c>.</summary>
    public abstract string Net { get; }

    /// <summary>Builds our counterpart of a case.</summary>
    public abstract ReferenceSubject Build(ReferenceCase source);

    /// <summary>One of the case's derived tensors, computed as a user of the library would.</summary>
    public virtual Tensor Derived(string name, ReferenceSubject subject, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor> outputs) =>
        throw new NotSupportedException($"A case of '{Net}' has the derived tensor '{name}', and {GetType().Name} can't express it.");

    /// <summary>
    /// How far an output may be from the recorded one. The recorded ones are exact to float32; the original itself, in float32, is
    /// <c>float32_error</c> away from them, and another order of summation can be several times as far.
    /// </summary>
    public virtual double Tolerance(ReferenceCase source, ReferenceOutput output) => Math.Max(1e-5, 10 * (output.Float32Error ?? 0));

    /// <summary>How far a gradient norm may be from the recorded one, relative to it.</summary>
    public virtual double GradientTolerance(ReferenceCase source) => Math.Max(1e-3, 3 * (source.Number("grad_float32_error") ?? 0));
}
