namespace UNetFamily;

/// <summary>
/// A step of UNETR++'s expansive half (Shaker et al., 2024, Fig. 2; class <c>UnetrUpBlock</c>): the skip is added, not concatenated.
/// <code>below → transposed convolution → (+ skip) → transformer blocks, or a residual block at full resolution</code>
/// </summary>
internal sealed class UnetrPlusPlusUpStage : Module<Tensor, Tensor, Tensor>
{
    private readonly Convolution up;
    private readonly Module<Tensor, Tensor> block;

    public UnetrPlusPlusUpStage(SpatialDims dims, long below, long to, Extent scale, Module<Tensor, Tensor> block) : base(nameof(UnetrPlusPlusUpStage))
    {
        up = dims.ConvTranspose(below, to, kernel: scale, bias: false);
        this.block = block;
        RegisterComponents();
    }

    /// <summary>Applies the step. It takes both inputs over, and frees them before its block begins: at full resolution each map counts.</summary>
    /// <param name="below">(N, below, …spatial / scale).</param>
    /// <param name="skip">(N, to, …spatial).</param>
    /// <returns>(N, to, …spatial).</returns>
    public override Tensor forward(Tensor below, Tensor skip)
    {
        using var sum = up.call(below).add_(skip);
        below.Dispose();
        skip.Dispose();
        return block.call(sum);
    }

    public TensorShape Trace(Tracer tracer, TensorShape below, TensorShape skip) => tracer.Through(Tracer.SummedInto(tracer.Through(below, up), skip), block);
}
