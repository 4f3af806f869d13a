namespace UNetFamily;

/// <summary>
/// A step of U-Net's expansive path: the map from below is doubled in size, joined with the skip, and convolved twice
/// (Ronneberger et al., 2015, Fig. 1, green arrow to the next pair of blue ones).
/// <code>below → up → fit to skip → concatenate → DoubleConv</code>
/// </summary>
internal sealed class UNetUpStage : Module<Tensor, Tensor, Tensor>
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

    /// <param name="below">(N, below, …spatial / 2); freed as soon as it is used.</param>
    /// <param name="skip">(N, skip, …spatial); a padded network allows an odd side, an unpadded one crops. Freed as soon as it is used.</param>
    /// <returns>(N, to, …spatial).</returns>
    public override Tensor forward(Tensor below, Tensor skip)
    {
        using var joined = Join(below, skip);
        return conv.call(joined);
    }

    public TensorShape Trace(Tracer tracer, TensorShape below, TensorShape skip)
    {
        var raised = tracer.Through(below, up);
        var joined = padded ? Tracer.Concatenated(skip, raised) : Tracer.Concatenated(raised, skip);
        return tracer.Block(() => tracer.Through(joined, conv), holds: false, joined);
    }

    // Concatenation is the last that needs what goes into it; held until the convolutions are done, it would be a third of the peak of inference.
    private Tensor Join(Tensor below, Tensor skip)
    {
        using (skip)
        using (var raised = below.Into(up))
        using (var fitted = padded ? Resampling.PadTo(raised, skip) : Resampling.CropTo(skip, raised))
        {
            var (left, right) = padded ? (skip, fitted) : (fitted, raised);
            return cat(order is ConcatOrder.SkipFirst ? [left, right] : [right, left], dim: 1);
        }
    }
}
