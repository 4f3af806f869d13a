namespace UNetFamily;

/// <summary>
/// Convolution, normalization, activation: the unit that most segmentation networks are made of.
/// <code>x → conv → [dropout] → norm → activation</code>
/// </summary>
public sealed class ConvNormAct : Block
{
    private readonly Convolution conv;
    private readonly Module<Tensor, Tensor> dropout;
    private readonly Module<Tensor, Tensor> norm;
    private readonly Module<Tensor, Tensor> activation;
    private readonly ConvOrder order;

    /// <summary>Builds the unit.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output.</param>
    /// <param name="kernel">The kernel; 3 when left out.</param>
    /// <param name="stride">The stride; 1 when left out.</param>
    /// <param name="padding">The padding on both sides; half the kernel times the dilation when left out, which keeps the size at stride 1.</param>
    /// <param name="norm">The normalization; none when left out.</param>
    /// <param name="activation">The activation; ReLU when left out.</param>
    /// <param name="bias">Whether the convolution learns a bias; when left out, exactly if there is no norm to cancel it.</param>
    /// <param name="dropout">The dropout between convolution and norm; none when left out.</param>
    /// <param name="order">Whether the norm or the activation comes first.</param>
    /// <param name="paddingMode">What the padding is filled with.</param>
    /// <param name="dilation">The distance between the kernel's taps; 1 when left out.</param>
    public ConvNormAct(SpatialDims dims, long from, long to, Extent? kernel = null, Extent? stride = null, Extent? padding = null,
        Normalization? norm = null, Activation? activation = null, bool? bias = null, Regularization? dropout = null,
        ConvOrder order = ConvOrder.ConvNormAct, PaddingModes paddingMode = PaddingModes.Zeros, Extent? dilation = null) : base(nameof(ConvNormAct))
    {
        var chosen = norm ?? Normalization.None;
        conv = dims.Conv(from, to, kernel ?? 3, stride, padding, bias: bias ?? chosen.IsNone, paddingMode: paddingMode, dilation: dilation);
        this.dropout = (dropout ?? Regularization.None).Build(dims);
        this.norm = chosen.Build(dims, to);
        this.activation = (activation ?? Activation.ReLU).Build(inPlace: true);
        this.order = order;
        RegisterComponents();
    }

    /// <summary>The normalization layer, an identity when there is none.</summary>
    internal Module<Tensor, Tensor> Norm => norm;

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => order is ConvOrder.ConvNormAct ? x.Through(conv, dropout, norm, activation) : x.Through(conv, dropout, activation, norm);
}
