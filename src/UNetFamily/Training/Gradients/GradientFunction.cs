namespace UNetFamily;

/// <summary>
/// A node of libtorch's graph whose gradients are computed here. One instance serves all calls, on every thread that runs a backward pass (a thread of its own for each GPU), so what belongs to a
/// call is in its context: an object that says what to do, and the tensors that were saved.
/// </summary>
/// <typeparam name="T">The function itself.</typeparam>
internal abstract class GradientFunction<T> : autograd.SingleTensorFunction<T> where T : GradientFunction<T>, new()
{
    private const string Call = "call", Shapes = "shapes";

    private static Exception? failure;

    // libtorch copies the gradients that a node returns, but nobody disposes the handles: the next node on the thread does.
    [ThreadStatic]
    private static Tensor?[]? returned;

    /// <summary>What has gone wrong when gradients can't be computed.</summary>
    protected abstract string Failure { get; }

    /// <summary>Throws what went wrong in an earlier backward pass, once.</summary>
    public static void ThrowEarlierFailure()
    {
        if (failure is not null && Interlocked.Exchange(ref failure, null) is { } cause)
            throw new InvalidOperationException($"{new T().Failure} in the last backward pass, whose gradients are NaN: {cause.Message}", cause);
    }

    /// <summary>Computes without a graph, and keeps what the gradients need.</summary>
    /// <param name="ctx">Takes what <see cref="backward"/> needs.</param>
    /// <param name="vars">What to do, then tensors.</param>
    public sealed override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var tensors = vars[1..].Cast<Tensor>().ToArray();
        ctx.set_materialize_grads(false);
        ctx.save_data(Call, vars[0]);
        ctx.save_data(Shapes, tensors.Select(x => x.requires_grad ? x.shape : null).ToArray());
        var (output, saved) = Compute(vars[0], tensors);
        ctx.save_for_backward([.. saved]);
        return output;
    }

    /// <summary>Computes the gradients. Never throws, because libtorch's frames are between here and <c>backward()</c>.</summary>
    /// <param name="ctx">What <see cref="forward"/> left.</param>
    /// <param name="grad_output">The gradient of the output.</param>
    /// <returns>A gradient for each tensor; none for the object.</returns>
    public sealed override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var shapes = (long[]?[])ctx.get_data(Shapes);
        var gradients = new Tensor?[shapes.Length];
        using (grad_output)
        {
            try
            {
                if (grad_output is { IsInvalid: false })
                {
                    var found = Gradients(ctx.get_data(Call), ctx.get_saved_variables(), [.. shapes.Select(shape => shape is not null)], grad_output);
                    // What is passed on needs a handle of its own.
                    for (var i = 0; i < found.Length; i++) gradients[i] = ReferenceEquals(found[i], grad_output) ? grad_output.alias() : found[i];
                }
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

    /// <summary>Computes the output, without a graph.</summary>
    /// <param name="call">What to do.</param>
    /// <param name="tensors">The tensors of the call.</param>
    /// <returns>The output, and what is saved.</returns>
    protected abstract (Tensor Output, IEnumerable<Tensor> Saved) Compute(object call, Tensor[] tensors);

    /// <summary>Computes the gradients.</summary>
    /// <param name="call">What to do.</param>
    /// <param name="saved">What was saved.</param>
    /// <param name="needed">Of the call's tensors, which need a gradient.</param>
    /// <param name="gradient">The gradient of the output.</param>
    /// <returns>A gradient for each of the first tensors; null for those that need none.</returns>
    protected abstract Tensor?[] Gradients(object call, IReadOnlyList<Tensor> saved, bool[] needed, Tensor gradient);

    private static Tensor NotANumber(Tensor like, long[] shape) => full([], double.NaN, like.dtype, like.device).expand(shape);

    private static List<Tensor> HandOver(DisposeScope scope, Tensor?[] gradients)
    {
        foreach (var handle in returned ?? []) handle?.Dispose();
        returned = gradients;
        scope.MoveToOuter(gradients.OfType<Tensor>());
        return [null!, .. gradients.Select(gradient => gradient!)];
    }
}
