namespace UNetFamily;

/// <summary>
/// Raises a channel, stretched to 0 … 1, to a power and stretches it back; powers are as often below 1 as above. Values as nnU-Net's <c>GammaTransform</c>, which it uses twice: inverted with
/// probability 0.1 and plain with 0.3.
/// </summary>
public sealed record RandomGamma : ChannelAugmentation
{
    /// <summary>With nnU-Net's values.</summary>
    public RandomGamma() => Probability = 0.3;

    /// <summary>The powers, above 0.</summary>
    /// <value>0.7 to 1.5.</value>
    public (double Low, double High) Gamma { get; init; } = (0.7, 1.5);

    /// <summary>Whether light and dark are swapped while the power is taken.</summary>
    /// <value>false.</value>
    public bool Inverted { get; init; }

    /// <summary>Whether mean and standard deviation are then brought back to what they were.</summary>
    /// <value>true.</value>
    public bool RetainStatistics { get; init; } = true;

    /// <inheritdoc/>
    protected override void Apply(Span<float> channel, TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var gamma = (float)random.Factor(Gamma);
        var before = ChannelStatistics.Of(channel);
        var range = before.Most - before.Least;
        if (!(range > 1e-7f && float.IsFinite(range))) return;

        // From the darkest, or inverted from the lightest, upwards: 0 … 1.
        var (start, length) = Inverted ? (before.Most, -range) : (before.Least, range);
        Rows.Power(channel, start, length, gamma);
        if (!RetainStatistics) return;

        var after = ChannelStatistics.Of(channel);
        var factor = before.Deviation / Math.Max(after.Deviation, 1e-7);
        Rows.Affine(channel, (float)factor, (float)(before.Mean - factor * after.Mean));
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems(SpatialDims dims) => base.Problems(dims).Concat(Range("Gamma", Gamma, 0));
}
