namespace UNetFamily;

/// <summary>
/// MedNeXt's way down: its block with a depthwise stride of 2, beside a strided pointwise convolution as the residual
/// (Roy et al., 2023, Fig. 1a). A side of n becomes n / 2, rounded up.
/// <code>x → block with stride 2 → + shortcut(x)</code>
/// </summary>
public sealed class MedNeXtDownBlock : Block
{
    private readonly MedNeXtBlock block;
    private readonly Convolution? shortcut;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output; twice the input's in MedNeXt.</param>
    /// <param name="expansion">How many times wider than the input the space between the pointwise convolutions is.</param>
    /// <param name="kernel">The depthwise kernel, odd on each axis; 7 when left out.</param>
    /// <param name="norm">The normalization; one group per channel when left out.</param>
    /// <param name="residual">Whether a strided pointwise convolution of the input is added.</param>
    /// <param name="responseNorm">Whether a <see cref="GlobalResponseNorm"/> follows the activation.</param>
    /// <exception cref="ArgumentException">The kernel is even on an axis.</exception>
    public MedNeXtDownBlock(SpatialDims dims, long from, long to, long expansion = 4, Extent? kernel = null, Normalization? norm = null,
        bool residual = false, bool responseNorm = false) : base(nameof(MedNeXtDownBlock))
    {
        var strided = dims.Conv(from, from, MedNeXtBlock.OddKernel(kernel), stride: 2, groups: from);
        block = new MedNeXtBlock(dims, strided, from, to, expansion, norm, residual: false, responseNorm);
        shortcut = residual ? dims.Conv(from, to, kernel: 1, stride: 2) : null;
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => shortcut is null ? x.Through(block) : x.Through(block) + x.Through(shortcut);
}
