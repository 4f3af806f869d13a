namespace UNetFamily;

/// <summary>
/// Makes a channel look as if it had been taken with larger voxels: reduced to the nearest voxels, then enlarged linearly to the old size (centres as PyTorch's <c>interpolate</c> puts them,
/// <c>nearest-exact</c> and <c>align_corners = False</c>). Values as nnU-Net's <c>SimulateLowResolutionTransform</c>.
/// </summary>
public sealed record RandomLowResolution : ChannelAugmentation
{
    /// <summary>With nnU-Net's values.</summary>
    public RandomLowResolution() => (Probability, ChannelProbability) = (0.25, 0.5);

    /// <summary>The smaller size as a part of the whole, the same along all axes, above 0; the sides are rounded.</summary>
    /// <value>1/2 to 1.</value>
    public (double Low, double High) Zoom { get; init; } = (0.5, 1);

    /// <summary>Whether the first axis of volumes keeps its resolution.</summary>
    /// <value>false.</value>
    public bool WithinSlices { get; init; }

    /// <inheritdoc/>
    protected override void Apply(Span<float> channel, TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(random);
        var zoom = random.Uniform(Zoom);
        var (depth, height, width) = (patch.Depth, patch.Height, patch.Width);
        var (along, across) = (Filter(height), Filter(width));
        var scratch = patch.Scratch;
        if (patch.SpatialDims is SpatialDims.Two || WithinSlices)
        {
            along.Apply(channel, scratch, depth, width);
            across.Apply(scratch, channel, depth * height, inner: 1);
            return;
        }

        Filter(depth).Apply(channel, scratch, outer: 1, inner: height * width);
        along.Apply(scratch, channel, depth, width);
        across.Apply(channel, scratch, depth * height, inner: 1);
        scratch.CopyTo(channel);

        AxisFilter Filter(int side) => AxisFilter.DownAndUp(side, Math.Max(1, (int)Math.Round(zoom * side)));
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems(SpatialDims dims)
    {
        foreach (var problem in base.Problems(dims).Concat(Range("Zoom", Zoom, 0))) yield return problem;
        if (Zoom.High > 1) yield return $"Zoom must be 1 at most, is {Zoom}.";
    }
}
