namespace UNetFamily;

/// <summary>
/// A segment as one node of libtorch's graph. One instance serves all calls, on every thread that runs a backward pass (a thread of its own for each GPU), so
/// what belongs to a call is in its context.
/// </summary>
internal sealed class SegmentFunction : autograd.SingleTensorFunction<SegmentFunction>
{
    private static Exception? failure;

    // libtorch copies the gradients that a node returns, but nobody disposes the handles: the next node on the thread does.
    [ThreadStatic]
    private static Tensor?[]? returned;

    /// <inheritdoc/>
    public override string Name => nameof(ActivationCheckpoint);

    /// <summary>Throws what went wrong in an earlier backward pass, once.</summary>
    public static void ThrowEarlierFailure()
    {
        if (Interlocked.Exchange(ref failure, null) is { } cause)
            throw new InvalidOperationException($"A segment could not be computed again in the last backward pass, whose gradients are NaN: {cause.Message}", cause);
    }

    /// <summary>Computes without a graph, and keeps the inputs.</summary>
    /// <param name="ctx">Takes what <see cref="backward"/> needs.</param>
    /// <param name="vars">The <see cref="Segment"/>, its inputs, and one of its parameters where it has a trainable one.</param>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (segment, tensors) = ((Segment)vars[0], vars[1..].Cast<Tensor>().ToArray());
        var inputs = tensors[..segment.Inputs];
        ctx.set_materialize_grads(false);
        ctx.save_data("segment", segment);
        ctx.save_data("shapes", tensors.Select(x => x.requires_grad ? x.shape : null).ToArray());
        var (output, randomStates) = segment.Call(inputs);
        ctx.save_for_backward([.. inputs, .. randomStates]);
        return output;
    }

    /// <summary>Computes again with a graph, and runs through that. Never throws, because libtorch's frames are between here and <c>backward()</c>.</summary>
    /// <param name="ctx">What <see cref="forward"/> left.</param>
    /// <param name="grad_output">The gradient of the output.</param>
    /// <returns>A gradient for each input; none for the segment and its parameter, whose gradient is added in the replay.</returns>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var (segment, shapes) = ((Segment)ctx.get_data("segment"), (long[]?[])ctx.get_data("shapes"));
        var gradients = new Tensor?[shapes.Length];
        using (grad_output)
        {
            try
            {
                if (grad_output is { IsInvalid: false }) Gradients(ctx, segment, grad_output).CopyTo(gradients, 0);
            }
#pragma warning disable CA1031 // whatever it is, on the native frame it would end the process
            catch (Exception cause)
#pragma warning restore CA1031
            {
                failure = cause;
                gradients = [.. shapes.Select(shape => shape is null ? null : NotANumber(grad_output, shape))];
            }
        }
        return HandOver(scope, gradients);
    }

    private static Tensor?[] Gradients(autograd.AutogradContext ctx, Segment segment, Tensor gradient)
    {
        if (is_grad_enabled()) throw new NotSupportedException("A backward pass with create_graph can't go through activation checkpointing.");
        var saved = ctx.get_saved_variables();
        var inputs = saved.Take(segment.Inputs).Select(input => input.detach().requires_grad_(input.requires_grad)).ToArray();
        segment.Replay(inputs, [.. saved.Skip(segment.Inputs)], gradient);
        return [.. inputs.Select(input => input.grad)];
    }

    private static Tensor NotANumber(Tensor like, long[] shape) => full([], double.NaN, like.dtype, like.device).expand(shape);

    private static List<Tensor> HandOver(DisposeScope scope, Tensor?[] gradients)
    {
        foreach (var handle in returned ?? []) handle?.Dispose();
        returned = gradients;
        scope.MoveToOuter(gradients.OfType<Tensor>());
        return [null!, .. gradients.Select(gradient => gradient!)];
    }
}
