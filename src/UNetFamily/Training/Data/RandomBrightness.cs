namespace UNetFamily;

/// <summary>Multiplies a channel by a factor, as often below 1 as above. Values as nnU-Net's <c>MultiplicativeBrightnessTransform</c>.</summary>
public sealed record RandomBrightness : ChannelAugmentation
{
    /// <summary>With nnU-Net's values.</summary>
    public RandomBrightness() => Probability = 0.15;

    /// <summary>The factors, above 0.</summary>
    /// <value>0.75 to 1.25.</value>
    public (double Low, double High) Factor { get; init; } = (0.75, 1.25);

    /// <inheritdoc/>
    protected override void Apply(Span<float> channel, TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Rows.Affine(channel, (float)random.Factor(Factor), 0);
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems(SpatialDims dims) => base.Problems(dims).Concat(Range("Factor", Factor, 0));
}
