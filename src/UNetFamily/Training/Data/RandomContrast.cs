namespace UNetFamily;

/// <summary>Multiplies the distance from the channel's mean by a factor, as often below 1 as above. Values as nnU-Net's <c>ContrastTransform</c>.</summary>
public sealed record RandomContrast : ChannelAugmentation
{
    /// <summary>With nnU-Net's values.</summary>
    public RandomContrast() => Probability = 0.15;

    /// <summary>The factors, above 0.</summary>
    /// <value>0.75 to 1.25.</value>
    public (double Low, double High) Factor { get; init; } = (0.75, 1.25);

    /// <summary>Whether what leaves the channel's old range is cut off there.</summary>
    /// <value>true.</value>
    public bool PreserveRange { get; init; } = true;

    /// <inheritdoc/>
    protected override void Apply(Span<float> channel, TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var factor = random.Factor(Factor);
        var before = ChannelStatistics.Of(channel);
        Rows.Affine(channel, (float)factor, (float)(before.Mean * (1 - factor)));
        if (PreserveRange) Rows.Clamp(channel, before.Least, before.Most);
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems(SpatialDims dims) => base.Problems(dims).Concat(Range("Factor", Factor, 0));
}
