namespace UNetFamily;

/// <summary>What a layer is, as far as counting goes.</summary>
public enum LayerKind
{
    /// <summary>A convolution or transposed convolution.</summary>
    Convolution,

    /// <summary>A linear layer.</summary>
    Linear,

    /// <summary>A product of two activations, as in attention.</summary>
    MatrixProduct,

    /// <summary>A normalization.</summary>
    Normalization,

    /// <summary>Anything else: activations, pooling, resampling, sums.</summary>
    Other,
}

/// <summary>One layer of a network at one input size.</summary>
/// <param name="Path">The name of the module in the network, such as <c>down.0.conv.first.conv</c>.</param>
/// <param name="Layer">The type of the layer.</param>
/// <param name="Kind">What it counts as.</param>
/// <param name="Input">The shape that comes in.</param>
/// <param name="Output">The shape that goes out.</param>
/// <param name="Parameters">The numbers that it learns.</param>
/// <param name="Macs">Multiply-accumulates for one sample, biases left out; 0 for layers that are not products.</param>
public sealed record LayerCost(string Path, string Layer, LayerKind Kind, TensorShape Input, TensorShape Output, long Parameters, long Macs)
{
    /// <summary>Those of the parameters that are not frozen.</summary>
    public long TrainableParameters { get; init; }

    /// <summary>
    /// Bytes that autograd keeps for this layer's gradient in a training step with one sample, as far as no layer before it needs the same tensor: what it reads, what it made where the
    /// gradient is computed from that (ReLU, sigmoid, softmax), the places of maxima, masks and statistics. See <see cref="ModelSummary.TrainingActivationBytes"/>.
    /// </summary>
    public long KeptBytes { get; init; }
}
