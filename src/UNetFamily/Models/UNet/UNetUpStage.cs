namespace UNetFamily;

/// <summary>
/// A step of U-Net's expansive path: the map from below is doubled in size, joined with the skip, and convolved twice
/// (Ronneberger et al., 2015, Fig. 1, green arrow to the next pair of blue ones).
/// <code>below → up → fit to skip → concatenate → DoubleConv</code>
/// </summary>
internal sealed class UNetUpStage : Block2
{
    private readonly Module<Tensor, Tensor> up;
    private readonly DoubleConv conv;
    private readonly bool padded;
    private readonly ConcatOrder order;

    public UNetUpStage(SpatialDims dims, UNetOptions options, long below, long raised, long skip, long to) : base(nameof(UNetUpStage))
    {
        (padded, order) = (options.Padded, options.Concat);
        up = options.Upsampling.Build(dims, below, raised, scale: 2);
        if (options.UpActivation) up = Sequential(("conv", up), ("activation", Activation.ReLU.Build(inPlace: true)));
        conv = new DoubleConv(dims, raised + skip, to, options.Norm, between: options.Upsampling.ChangesChannels ? to : skip, padding: padded ? 1 : 0);
        RegisterComponents();
    }

    /// <param name="below">(N, below, …spatial / 2).</param>
    /// <param name="skip">(N, skip, …spatial); a padded network allows an odd side, an unpadded one crops.</param>
    /// <returns>(N, to, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap below, FeatureMap skip)
    {
        var raised = below.Through(up);
        var (left, right) = padded ? (skip, raised.PadTo(skip)) : (skip.CropTo(raised), raised);
        return (order is ConcatOrder.SkipFirst ? FeatureMap.Concat(left, right) : FeatureMap.Concat(right, left)).Through(conv);
    }
}
