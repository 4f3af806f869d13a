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

    /// <param name="below">(N, below, …spatial / 2).</param>
    /// <param name="skip">(N, skip, …spatial); a padded network allows an odd side, an unpadded one crops.</param>
    /// <returns>(N, to, …spatial).</returns>
    public override Tensor forward(Tensor below, Tensor skip)
    {
        using var scope = NewDisposeScope();
        var raised = up.call(below);
        if (padded) raised = Resampling.PadTo(raised, skip);
        else skip = Resampling.CropTo(skip, raised);
        var joined = cat(order is ConcatOrder.SkipFirst ? [skip, raised] : [raised, skip], dim: 1);
        return conv.call(joined).MoveToOuterDisposeScope();
    }

    public TensorShape Trace(Tracer tracer, TensorShape below, TensorShape skip) => tracer.Block(() =>
    {
        var raised = tracer.Through(below, up);
        var joined = padded ? Tracer.Concatenated(skip, raised) : Tracer.Concatenated(raised, skip);
        return tracer.Through(joined, conv);
    }, below, skip);
}
