namespace UNetFamily;

/// <summary>
/// MedNeXt's way up: its block with a transposed depthwise convolution of stride 2, beside a transposed pointwise convolution as the residual
/// (Roy et al., 2023, Fig. 1a). The convolutions make 2n - 1 of a side of n; a layer of zeros in front of each axis makes 2n of
/// it, so index 0 of every axis is exactly 0 (MIC-DKFZ/MedNeXt, <c>mednextv1/blocks.py</c>).
/// <code>x → transposed block with stride 2 → + shortcut(x) → a zero in front of each axis</code>
/// </summary>
public sealed class MedNeXtUpBlock : Block
{
    private readonly MedNeXtBlock block;
    private readonly Convolution? shortcut;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output; half the input's in MedNeXt.</param>
    /// <param name="expansion">How many times wider than the input the space between the pointwise convolutions is.</param>
    /// <param name="kernel">The depthwise kernel, odd on each axis; 7 when left out.</param>
    /// <param name="norm">The normalization; one group per channel when left out.</param>
    /// <param name="residual">Whether a transposed pointwise convolution of the input is added.</param>
    /// <param name="responseNorm">Whether a <see cref="GlobalResponseNorm"/> follows the activation.</param>
    /// <exception cref="ArgumentException">The kernel is even on an axis.</exception>
    public MedNeXtUpBlock(SpatialDims dims, long from, long to, long expansion = 4, Extent? kernel = null, Normalization? norm = null,
        bool residual = false, bool responseNorm = false) : base(nameof(MedNeXtUpBlock))
    {
        var size = MedNeXtBlock.OddKernel(kernel);
        var transposed = dims.ConvTranspose(from, from, size, stride: 2, padding: size.Select(n => n / 2), groups: from);
        block = new MedNeXtBlock(dims, transposed, from, to, expansion, norm, residual: false, responseNorm);
        shortcut = residual ? dims.ConvTranspose(from, to, kernel: 1, stride: 2) : null;
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x)
    {
        var raised = shortcut is null ? x.Through(block) : x.Through(block) + x.Through(shortcut);
        return raised.Pad(_ => (Before: 1, Behind: 0));
    }
}
