namespace UNetFamily;

/// <summary>A depthwise convolution as one node of libtorch's graph: its tensors are the input, the weights and, where there is one, the bias.</summary>
internal sealed class DepthwiseFunction : GradientFunction<DepthwiseFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(DepthwiseConvolution);

    /// <inheritdoc/>
    protected override string Failure => "The gradients of a depthwise convolution could not be computed";

    /// <inheritdoc/>
    protected override (Tensor Output, IEnumerable<Tensor> Saved) Compute(object call, Tensor[] tensors) =>
        (((DepthwiseConvolution)call).Maps.Output(tensors[0], tensors[1], tensors.ElementAtOrDefault(2)), tensors);

    /// <inheritdoc/>
    protected override Tensor?[] Gradients(object call, IReadOnlyList<Tensor> saved, bool[] needed, Tensor gradient)
    {
        var convolution = (DepthwiseConvolution)call;
        // With create_graph the gradients have gradients themselves, which libtorch knows.
        var (ofInput, ofWeights) = is_grad_enabled() ? convolution.DifferentiableGradients(saved[0], saved[1], gradient)
            : (needed[0] ? convolution.Maps.InputGradient(gradient, saved[1]) : null, needed[1] ? convolution.Maps.WeightGradient(saved[0], gradient) : null);
        return
        [
            ofInput,
            ofWeights,
            .. needed.Skip(2).Select(needs => needs ? BiasFunction.Sum(gradient) : null),
        ];
    }
}
