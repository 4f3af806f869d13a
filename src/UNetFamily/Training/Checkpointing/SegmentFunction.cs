namespace UNetFamily;

/// <summary>A segment as one node of libtorch's graph: its tensors are the inputs, and one of its parameters where it has a trainable one.</summary>
internal sealed class SegmentFunction : GradientFunction<SegmentFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(ActivationCheckpoint);

    /// <inheritdoc/>
    protected override string Failure => "A segment could not be computed again";

    /// <inheritdoc/>
    protected override (Tensor Output, IEnumerable<Tensor> Saved) Compute(object call, Tensor[] tensors)
    {
        var segment = (Segment)call;
        var inputs = tensors[..segment.Inputs];
        var (output, randomStates) = segment.Call(inputs);
        return (output, [.. inputs, .. randomStates]);
    }

    /// <summary>Computes again with a graph, and runs through that.</summary>
    /// <returns>A gradient for each input; none for the parameter, whose gradient is added in the replay.</returns>
    protected override Tensor?[] Gradients(object call, IReadOnlyList<Tensor> saved, bool[] needed, Tensor gradient)
    {
        if (is_grad_enabled()) throw new NotSupportedException("A backward pass with create_graph can't go through activation checkpointing.");
        var segment = (Segment)call;
        var inputs = saved.Take(segment.Inputs).Select(input => input.detach().requires_grad_(input.requires_grad)).ToArray();
        segment.Replay(inputs, [.. saved.Skip(segment.Inputs)], gradient);
        return [.. inputs.Select(input => input.grad)];
    }
}
