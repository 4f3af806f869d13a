namespace UNetFamily;

/// <summary>
/// Two <see cref="ConvNormAct"/> with 3-wide kernels: a level of U-Net (Ronneberger et al., 2015, Fig. 1, the pairs of blue arrows).
/// </summary>
public sealed class DoubleConv : Block
{
    private readonly ConvNormAct first;
    private readonly ConvNormAct second;
    private readonly Module<Tensor, Tensor> dropout;

    /// <summary>Builds the pair.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output.</param>
    /// <param name="norm">The normalization after each convolution.</param>
    /// <param name="between">Channels between the two convolutions; <paramref name="to"/> when left out.</param>
    /// <param name="padding">The padding of both; half the kernel when left out, which keeps the size. 0 removes two from each side of every axis where the kernel is 3, as the paper does.</param>
    /// <param name="kernel">The kernel of both; 3 when left out.</param>
    /// <param name="stride">The stride of the first; 1 when left out.</param>
    /// <param name="bias">Whether they learn a bias; when left out, exactly if there is no norm to cancel it.</param>
    /// <param name="dropout">The dropout after each activation; none when left out.</param>
    public DoubleConv(SpatialDims dims, long from, long to, Normalization norm, long? between = null, Extent? padding = null, Extent? kernel = null, Extent? stride = null, bool? bias = null,
        Regularization? dropout = null) : base(nameof(DoubleConv))
    {
        first = new ConvNormAct(dims, from, between ?? to, kernel, stride, padding, norm, bias: bias);
        second = new ConvNormAct(dims, between ?? to, to, kernel, padding: padding, norm: norm, bias: bias);
        this.dropout = (dropout ?? Regularization.None).Build(dims);
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => x.Through(first, dropout, second, dropout);
}
