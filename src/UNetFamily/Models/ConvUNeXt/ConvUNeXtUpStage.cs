namespace UNetFamily;

/// <summary>
/// A step of ConvUNeXt's decoder: the map from below is normalized, doubled in size and gates the skip; both are joined and refined
/// (<c>src/ConvUNeXt.py</c>, class <c>Up</c>).
/// <code>
/// below → norm → up → fit to skip → gate → concatenate [gated skip, below] → merge → blocks
/// </code>
/// A transposed convolution comes before the norm, see <see cref="ConvUNeXtOptions.Upsampling"/>.
/// </summary>
internal sealed class ConvUNeXtUpStage : Block2
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

    /// <param name="below">(N, below, …spatial / 2, rounded down).</param>
    /// <param name="skip">(N, skip, …spatial).</param>
    /// <returns>(N, to, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap below, FeatureMap skip)
    {
        var raised = (normFirst ? below.Through(norm, up) : below.Through(up, norm)).PadTo(skip);
        var gated = raised.Through(gate, skip);
        return FeatureMap.Concat(gated, raised).Through(merge, blocks);
    }
}
