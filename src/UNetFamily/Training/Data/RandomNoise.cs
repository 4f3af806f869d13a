
namespace UNetFamily;

/// <summary>
/// Adds independent normal noise to every number. The deviation is drawn once for each patch; values as nnU-Net's <c>GaussianNoiseTransform</c>, which says variance and means deviation.
/// </summary>
public sealed record RandomNoise : ChannelAugmentation
{
    /// <summary>With nnU-Net's values.</summary>
    public RandomNoise() => Probability = 0.1;

    /// <summary>The standard deviation of the noise, 0 or more, in the image's own unit.</summary>
    /// <value>0 to 0.1.</value>
    public (double Low, double High) Deviation { get; init; } = (0, 0.1);

    /// <summary>Whether each channel has a deviation of its own.</summary>
    /// <value>false.</value>
    public bool PerChannel { get; init; }

    /// <inheritdoc/>
    protected internal override void Apply(TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(random);
        if (PerChannel)
        {
            base.Apply(patch, random);
            return;
        }

        var deviation = random.Uniform(Deviation);
        for (var channel = 0; channel < patch.Channels; channel++)
            if (random.Chance(ChannelProbability)) Add(patch.Channel(channel), deviation, patch, random);
    }

    /// <inheritdoc/>
    protected override void Apply(Span<float> channel, TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(random);
        Add(channel, random.Uniform(Deviation), patch, random);
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems(SpatialDims dims) => base.Problems(dims).Concat(Range("Deviation", Deviation, 0, orLeast: true));

    private static void Add(Span<float> channel, double deviation, TrainingPatch patch, PatchRandom random)
    {
        var noise = patch.Scratch;
        random.Normal(noise);
        Rows.AddScaled(channel, noise, (float)deviation);
    }
}
