namespace UNetFamily;

/// <summary>
/// Activation checkpointing: a segment of a network keeps its input alone for the backward pass and computes its inside again there. Outputs are the
/// same, gradients are the same to rounding, memory falls to the segments' inputs plus the inside of one segment, and a training step takes about a third
/// longer (Chen et al.: Training Deep Nets with Sublinear Memory Cost, 2016, arXiv 1604.06174).
/// <code>foreach (var block in blocks) x = ActivationCheckpoint.Run(block, x);</code>
/// </summary>
/// <remarks>
/// <para>Random numbers, as of dropout, are drawn again as they were the first time; while a segment with dropout is in training, other threads must draw none,
/// because all share one generator. Where they did, that is an error in the recomputation. On a GPU, whose generator can't be read, a training segment is seeded from the CPU's: with dropout, a run there has other
/// random numbers than one without checkpointing.</para>
/// <para>Buffers, as the running statistics of batch normalization, change once, in the forward pass.</para>
/// <para>The parameters' gradients are added to <c>grad</c> directly, as <c>backward()</c> does; <c>autograd.grad</c> doesn't find the parameters of a
/// segment. A segment must not change its input, nor its weights or mode (training or evaluation) between forward and backward.</para>
/// <para>An error in the recomputation can't cross libtorch's frames: the gradients become NaN, and the next call of <c>Run</c> throws it.</para>
/// </remarks>
public static class ActivationCheckpoint
{
    /// <summary>Calls a segment, keeping its input alone.</summary>
    /// <param name="segment">A block, or a <c>Sequential</c> of blocks.</param>
    /// <param name="input">The input of the segment.</param>
    /// <returns>The output of the segment; where nothing needs a gradient, that of an ordinary call.</returns>
    /// <exception cref="InvalidOperationException">The recomputation of an earlier backward pass failed; the cause is the inner exception.</exception>
    public static Tensor Run(Module<Tensor, Tensor> segment, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return Run(segment, inputs => segment.call(inputs[0]), input);
    }

    /// <summary>Calls a segment of two inputs, such as a step of a decoder, keeping these alone.</summary>
    /// <param name="segment">A block.</param>
    /// <param name="first">Its first input.</param>
    /// <param name="second">Its second input.</param>
    /// <returns>The output of the segment; where nothing needs a gradient, that of an ordinary call.</returns>
    /// <exception cref="InvalidOperationException">The recomputation of an earlier backward pass failed; the cause is the inner exception.</exception>
    public static Tensor Run(Module<Tensor, Tensor, Tensor> segment, Tensor first, Tensor second)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return Run(segment, inputs => segment.call(inputs[0], inputs[1]), first, second);
    }

    private static Tensor Run(nn.Module segment, Func<IReadOnlyList<Tensor>, Tensor> call, params Tensor[] inputs)
    {
        foreach (var input in inputs) ArgumentNullException.ThrowIfNull(input);
        SegmentFunction.ThrowEarlierFailure();

        var trainable = segment.parameters().FirstOrDefault(parameter => parameter.requires_grad);
        if (!is_grad_enabled() || (trainable is null && !inputs.Any(input => input.requires_grad))) return call(inputs);

        // The function's own temporaries go with this scope: TorchSharp's keeps an empty copy of the output otherwise.
        using var scope = NewDisposeScope();
        // A parameter among the inputs ties the output to the graph where no input requires a gradient.
        var recorded = new Segment(segment, inputs.Length, call);
        return (trainable is null ? SegmentFunction.apply([recorded, .. inputs]) : SegmentFunction.apply([recorded, .. inputs, trainable])).MoveToOuterDisposeScope();
    }
}
