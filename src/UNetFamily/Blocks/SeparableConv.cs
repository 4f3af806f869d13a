namespace UNetFamily;

/// <summary>
/// A separable convolution: each channel is filtered by itself, then a 1x1 convolution mixes the channels. For a kernel of k² (or k³) taps and N output channels it
/// costs 1/N + 1/k² (1/k³) of the full convolution. With norm and activation between the halves it is MobileNet's (Howard et al., 2017, arXiv 1704.04861, Fig. 3),
/// without them Xception's (Chollet, 2017, arXiv 1610.02357).
/// <code>x → depthwise → [norm → activation] → pointwise</code>
/// </summary>
public sealed class SeparableConv : Block
{
    private readonly Convolution depthwise;
    private readonly Module<Tensor, Tensor> norm;
    private readonly Module<Tensor, Tensor> activation;
    private readonly Convolution pointwise;

    /// <summary>Builds the two halves.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input, before the multiplier.</param>
    /// <param name="to">Channels of the output, before the multiplier.</param>
    /// <param name="kernel">The kernel of the depthwise half; 3 when left out.</param>
    /// <param name="stride">The stride of the depthwise half; 1 when left out.</param>
    /// <param name="norm">The norm between the halves; none when left out.</param>
    /// <param name="activation">The activation between the halves; none when left out.</param>
    /// <param name="widthMultiplier">
    /// MobileNet's α, above 0: both numbers of channels are multiplied by it and rounded, to 1 at least. The cost falls roughly with its square.
    /// </param>
    /// <param name="bias">Whether the halves learn a bias; when left out, the depthwise one does where no norm cancels it, and the pointwise one does.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels or the multiplier is not positive.</exception>
    public SeparableConv(SpatialDims dims, long from, long to, Extent? kernel = null, Extent? stride = null, Normalization? norm = null, Activation? activation = null,
        double widthMultiplier = 1, bool? bias = null) : base(nameof(SeparableConv))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(from);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(to);
        if (widthMultiplier is not (> 0 and < double.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(widthMultiplier), Choice.Text(widthMultiplier), "The width multiplier must be positive.");
        (InChannels, OutChannels) = (Scaled(from), Scaled(to));
        var chosen = norm ?? Normalization.None;

        depthwise = dims.Conv(InChannels, InChannels, kernel ?? 3, stride, groups: InChannels, bias: bias ?? chosen.IsNone);
        this.norm = chosen.Build(dims, InChannels);
        this.activation = (activation ?? Activation.None).Build(inPlace: true);
        pointwise = dims.Conv(InChannels, OutChannels, kernel: 1, bias: bias ?? true);
        RegisterComponents();

        long Scaled(long channels) => Math.Max(1, (long)Math.Round(widthMultiplier * channels));
    }

    /// <summary>Channels of the input, after the multiplier.</summary>
    public long InChannels { get; }

    /// <summary>Channels of the output, after the multiplier.</summary>
    public long OutChannels { get; }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => x.Through(depthwise, norm, activation, pointwise);
}
