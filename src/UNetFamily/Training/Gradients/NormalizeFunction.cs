namespace UNetFamily;

/// <summary>A group norm as one node of libtorch's graph: its tensors are the input and, where there are any, weight and bias.</summary>
internal sealed class NormalizeFunction : GradientFunction<NormalizeFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(GroupNormalization);

    /// <inheritdoc/>
    protected override string Failure => "The gradients of a norm could not be computed";

    /// <inheritdoc/>
    protected override (Tensor Output, IEnumerable<Tensor> Saved) Compute(object call, Tensor[] tensors) => (((GroupNormalization)call).Output(tensors[0]), tensors.Take(2));

    /// <inheritdoc/>
    protected override Tensor?[] Gradients(object call, IReadOnlyList<Tensor> saved, bool[] needed, Tensor gradient)
    {
        var (norm, x, weight) = ((GroupNormalization)call, saved[0], saved.ElementAtOrDefault(1));
        // With create_graph the gradients have gradients themselves, which libtorch knows.
        var (ofInput, ofWeight, ofBias) = is_grad_enabled() ? norm.DifferentiableGradients(x, weight, gradient) : norm.Gradients(x, weight, gradient, needed[0]);
        Tensor?[] all = [ofInput, ofWeight, ofBias];
        return [.. needed.Select((needs, i) => needs ? all[i] : null)];
    }
}
