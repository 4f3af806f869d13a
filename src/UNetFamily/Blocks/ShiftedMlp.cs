namespace UNetFamily;

/// <summary>
/// A shifted MLP: groups of channels move along an axis before each of two pointwise layers, so that these see neighbours without a kernel; a depthwise convolution between them tells where a token lies.
/// <code>x → shift along the height → expand → depthwise → GELU → [dropout] → shift along the width → compress → [dropout]</code>
/// Valanarasu, Patel: UNeXt: MLP-based Rapid Medical Image Segmentation Network, MICCAI 2022, arXiv 2203.04967; class <c>shiftmlp</c> of jeya-maria-jose/UNeXt-pytorch, <c>archs.py</c>, which shifts along the
/// height first (the paper, along the width). Tokens lie as a map here, (N, C, …spatial), and the pointwise layers are 1x1 convolutions. In volumes, which the paper has not, the first shift is along the depth,
/// and the second along height and width in turn.
/// </summary>
public sealed class ShiftedMlp : Block
{
    private readonly Convolution expand;
    private readonly Convolution depthwise;
    private readonly Convolution compress;
    private readonly Module<Tensor, Tensor> activation;
    private readonly Module<Tensor, Tensor> dropout;
    private readonly long groups;

    /// <summary>Builds the layers, drawn as in the authors' code: pointwise weights normal with a deviation of 0.02, the depthwise ones by fan-out, biases 0.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="channels">Channels of input, middle and output.</param>
    /// <param name="groups">How many groups of channels move, each by another number of positions; see <see cref="FeatureMap.AxialShift"/>. With 5, by -2 to 2.</param>
    /// <param name="dropout">The probability of dropout, 0 to below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive, or the probability is outside its range.</exception>
    public ShiftedMlp(SpatialDims dims, long channels, long groups = 5, double dropout = 0) : base(nameof(ShiftedMlp))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        this.groups = groups;
        expand = dims.Conv(channels, channels, kernel: 1);
        depthwise = dims.Conv(channels, channels, kernel: 3, groups: channels);
        compress = dims.Conv(channels, channels, kernel: 1);
        activation = Activation.GELU.Build(inPlace: true);
        this.dropout = Regularization.Dropout(dropout).Build(dims);
        RegisterComponents();

        foreach (var pointwise in new[] { expand, compress }) TruncatedNormal.Fill(pointwise.weight!, 0.02);
        TokenWeights.FillByFanOut(depthwise);
        TokenWeights.ClearBiases(expand, depthwise, compress);
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x)
    {
        x = x.AxialShift(0, groups).Through(expand, depthwise, activation, dropout);
        for (var axis = 1; axis < x.Axes.Length - 2; axis++) x = x.AxialShift(axis, groups);
        return x.Through(compress, dropout);
    }
}
