namespace UNetFamily;

/// <summary>
/// Two <see cref="ConvNormAct"/> with 3-wide kernels: a level of U-Net (Ronneberger et al., 2015, Fig. 1, the pairs of blue arrows).
/// </summary>
public sealed class DoubleConv : Block
{
    private readonly ConvNormAct first;
    private readonly ConvNormAct second;

    /// <summary>Builds the pair.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output.</param>
    /// <param name="norm">The normalization after each convolution.</param>
    /// <param name="between">Channels between the two convolutions; <paramref name="to"/> when left out.</param>
    /// <param name="padding">1 keeps the size; 0 removes two from each side of every axis, as the paper does.</param>
    public DoubleConv(SpatialDims dims, long from, long to, Normalization norm, long? between = null, long padding = 1) : base(nameof(DoubleConv))
    {
        first = new ConvNormAct(dims, from, between ?? to, norm: norm, padding: padding);
        second = new ConvNormAct(dims, between ?? to, to, norm: norm, padding: padding);
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => x.Through(first, second);
}
