namespace UNetFamily;

/// <summary>A random change of the image that is drawn for each channel anew; labels stay.</summary>
public abstract record ChannelAugmentation : PatchAugmentation
{
    /// <summary>How often a channel of a changed patch is changed, 0 for never to 1 for always.</summary>
    public double ChannelProbability { get; init; } = 1;

    /// <inheritdoc/>
    protected internal override void Apply(TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(random);
        for (var channel = 0; channel < patch.Channels; channel++)
            if (random.Chance(ChannelProbability)) Apply(patch.Channel(channel), patch, random);
    }

    /// <summary>Changes a channel.</summary>
    /// <param name="channel">(D, H, W) in row-major order, to be changed in place.</param>
    /// <param name="patch">The patch, for its sides and its scratch memory.</param>
    /// <param name="random">The only source of random numbers.</param>
    protected abstract void Apply(Span<float> channel, TrainingPatch patch, PatchRandom random);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems(SpatialDims dims) => base.Problems(dims).Concat(Between("ChannelProbability", ChannelProbability, 0, 1));
}
