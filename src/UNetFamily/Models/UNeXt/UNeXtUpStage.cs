namespace UNetFamily;

/// <summary>
/// A step of UNeXt's decoder (<c>archs.py</c>, class <c>UNext</c>).
/// <code>below → conv → norm → up → ReLU → (+ skip) → [shifted MLP block → norm]</code>
/// </summary>
internal sealed class UNeXtUpStage : Block2
{
    private readonly Convolution conv;
    private readonly Module<Tensor, Tensor> norm;
    private readonly Module<Tensor, Tensor> up;
    private readonly Module<Tensor, Tensor> activation;
    private readonly Module<Tensor, Tensor> tokens;

    public UNeXtUpStage(UNeXtOptions options, long below, long skip, Module<Tensor, Tensor> tokens) : base(nameof(UNeXtUpStage))
    {
        conv = options.SpatialDims.Conv(below, skip, kernel: 3);
        norm = options.Norm.Build(options.SpatialDims, skip);
        up = new LinearUpsample(2, alignCorners: false);
        activation = Activation.ReLU.Build(inPlace: true);
        this.tokens = tokens;
        RegisterComponents();
    }

    /// <param name="below">(N, below, …spatial / 2).</param>
    /// <param name="skip">(N, skip, …spatial).</param>
    /// <returns>(N, skip, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap below, FeatureMap skip) => (below.Through(conv, norm, up, activation) + skip).Through(tokens);
}
