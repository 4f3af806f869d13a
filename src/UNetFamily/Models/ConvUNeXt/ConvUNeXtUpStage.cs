namespace UNetFamily;

/// <summary>
/// A step of ConvUNeXt's decoder: the map from below is normalized, doubled in size and gates the skip; both are joined and refined
/// (<c>src/ConvUNeXt.py</c>, class <c>Up</c>).
/// <code>
/// below → norm → up → fit to skip → gate → concatenate [gated skip, below] → merge → blocks
/// </code>
/// A transposed convolution comes before the norm, see <see cref="ConvUNeXtOptions.Upsampling"/>.
/// </summary>
internal sealed class ConvUNeXtUpStage : Module<Tensor, Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> norm;
    private readonly Module<Tensor, Tensor> up;
    private readonly LstmAttentionGate gate;
    private readonly Convolution merge;
    private readonly Sequential blocks;
    private readonly bool normFirst;

    public ConvUNeXtUpStage(ConvUNeXtOptions options, long below, long skip, long to) : base(nameof(ConvUNeXtUpStage))
    {
        var dims = options.SpatialDims;
        normFirst = !options.Upsampling.ChangesChannels;
        norm = options.Norm.Build(dims, skip);
        up = options.Upsampling.Build(dims, below, skip, scale: 2);
        gate = new LstmAttentionGate(dims, skip, skip);
        merge = dims.Conv(2 * skip, to, kernel: 1);
        blocks = ConvUNeXt.Blocks(options, to, options.DecoderDepth);
        RegisterComponents();
    }

    /// <param name="below">(N, below, …spatial / 2, rounded down); freed as soon as it is used.</param>
    /// <param name="skip">(N, skip, …spatial); freed as soon as it is used.</param>
    /// <returns>(N, to, …spatial).</returns>
    public override Tensor forward(Tensor below, Tensor skip)
    {
        using var merged = Join(below, skip).Into(merge);
        return blocks.call(merged);
    }

    public TensorShape Trace(Tracer tracer, TensorShape below, TensorShape skip)
    {
        var (first, second) = Raise;
        var fitted = tracer.Through(below, first, second).FittedTo(skip);
        var gated = gate.Trace(tracer, fitted, skip);
        var merged = tracer.Through(Tracer.Concatenated(gated, fitted), merge);
        return tracer.Block(() => tracer.Through(merged, blocks), holds: false, merged);
    }

    // Nothing that goes into the concatenation is needed after it.
    private Tensor Join(Tensor below, Tensor skip)
    {
        using (skip)
        using (var raised = below.Into(Raise.First).Into(Raise.Second))
        using (var fitted = Resampling.PadTo(raised, skip))
        using (var gated = gate.call(fitted, skip))
        {
            return cat([gated, fitted], dim: 1);
        }
    }

    private (Module<Tensor, Tensor> First, Module<Tensor, Tensor> Second) Raise => normFirst ? (norm, up) : (up, norm);
}
