namespace UNetFamily;

/// <summary>
/// What a domain has for itself in the separable form: a filter of 3 for each channel, norm and activation.
/// <code>x → depthwise → norm → activation</code>
/// </summary>
internal sealed class DepthwiseUnit : Block
{
    private readonly Convolution conv;
    private readonly Module<Tensor, Tensor> norm;
    private readonly Module<Tensor, Tensor> activation;

    public DepthwiseUnit(SpatialDims dims, long channels, Normalization norm, Activation activation) : base(nameof(DepthwiseUnit))
    {
        conv = dims.Conv(channels, channels, kernel: 3, groups: channels);
        this.norm = norm.Build(dims, channels);
        this.activation = activation.Build(inPlace: true);
        RegisterComponents();
    }

    protected override FeatureMap Flow(FeatureMap x) => x.Through(conv, norm, activation);
}
