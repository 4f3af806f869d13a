namespace UNetFamily;

/// <summary>
/// A step of Double U-Net's decoders (Jha et al., 2020, Fig. 1).
/// <code>below → up → concatenate [below, skip] → DoubleConv → squeeze and excitation</code>
/// </summary>
internal sealed class DoubleUNetUpStage : Block2
{
    private readonly LinearUpsample up;
    private readonly Sequential block;

    public DoubleUNetUpStage(Sequential block) : base(nameof(DoubleUNetUpStage))
    {
        up = new LinearUpsample(2);
        this.block = block;
        RegisterComponents();
    }

    /// <param name="below">(N, below, …spatial / 2).</param>
    /// <param name="skip">(N, skip, …spatial).</param>
    /// <returns>(N, channels of the level, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap below, FeatureMap skip) => FeatureMap.Concat(below.Through(up), skip).Through(block);
}
