namespace UNetFamily;

/// <summary>
/// A step of UNETR++'s expansive half (Shaker et al., 2024, Fig. 2; class <c>UnetrUpBlock</c>): the skip is added, not concatenated.
/// <code>below → transposed convolution → (+ skip) → transformer blocks, or a residual block at full resolution</code>
/// </summary>
internal sealed class UnetrPlusPlusUpStage : Block2
{
    private readonly Convolution up;
    private readonly Module<Tensor, Tensor> block;

    public UnetrPlusPlusUpStage(SpatialDims dims, long below, long to, Extent scale, Module<Tensor, Tensor> block) : base(nameof(UnetrPlusPlusUpStage))
    {
        up = dims.ConvTranspose(below, to, kernel: scale, bias: false);
        this.block = block;
        RegisterComponents();
    }

    /// <param name="below">(N, below, …spatial / scale).</param>
    /// <param name="skip">(N, to, …spatial).</param>
    /// <returns>(N, to, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap below, FeatureMap skip) => (below.Through(up) + skip).Through(block);
}
