namespace UNetFamily;

/// <summary>
/// The block of ConvUNeXt: a large depthwise convolution mixes positions, two pointwise convolutions mix channels.
/// <code>x → depthwise → norm → expand → GELU → compress → norm → (+ x) → GELU</code>
/// Han, Jian, Wang: ConvUNeXt, Knowledge-Based Systems 253, 2022, 109512; <c>src/ConvUNeXt.py</c>, class <c>Conv</c>. It differs from the block of
/// ConvNeXt (Liu et al., 2022) in its second norm, in the activation after the sum, in reflected borders, and in having no layer scale.
/// </summary>
public sealed class ConvUNeXtBlock : Block
{
    private readonly Sequential branch;
    private readonly Module<Tensor, Tensor> activation;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="channels">Channels of input and output.</param>
    /// <param name="norm">Both normalizations; batch when left out.</param>
    /// <param name="kernel">The kernel of the depthwise convolution, odd; 7 when left out. A side of the input must be over half of it.</param>
    /// <param name="expansion">How many times wider the middle is.</param>
    /// <param name="dropPath">The probability of stochastic depth, from 0 to below 1.</param>
    /// <exception cref="ArgumentException">The kernel is even or not positive.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Another number is outside its range.</exception>
    public ConvUNeXtBlock(SpatialDims dims, long channels, Normalization? norm = null, Extent? kernel = null, long expansion = 4, double dropPath = 0)
        : base(nameof(ConvUNeXtBlock))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(expansion);
        var (chosenNorm, chosenKernel) = (norm ?? Normalization.Batch, (kernel ?? 7).OddKernel(nameof(kernel)));

        branch = Sequential(
            ("depthwise", dims.Conv(channels, channels, chosenKernel, groups: channels, paddingMode: PaddingModes.Reflect)),
            ("norm1", chosenNorm.Build(dims, channels)),
            ("expand", dims.Conv(channels, expansion * channels, kernel: 1)),
            ("activation", Activation.GELU.Build()),
            ("compress", dims.Conv(expansion * channels, channels, kernel: 1)),
            ("norm2", chosenNorm.Build(dims, channels)));
        if (dropPath != 0) branch.append("droppath", new DropPath(dropPath));
        activation = Activation.GELU.Build();
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => (x.Through(branch) + x).Through(activation);
}
