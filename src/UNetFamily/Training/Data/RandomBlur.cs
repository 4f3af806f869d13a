namespace UNetFamily;

/// <summary>
/// Blurs with a Gaussian, along each axis with a deviation of its own. The kernel has the odd width nearest to 6 deviations + 1/2 and the patch goes on mirrored at its border voxels.
/// Values and kernel as nnU-Net's <c>GaussianBlurTransform</c>.
/// </summary>
public sealed record RandomBlur : ChannelAugmentation
{
    /// <summary>With nnU-Net's values.</summary>
    public RandomBlur() => (Probability, ChannelProbability) = (0.2, 0.5);

    /// <summary>The standard deviation of the kernel in voxels, above 0.</summary>
    /// <value>0.5 to 1.</value>
    public (double Low, double High) Sigma { get; init; } = (0.5, 1);

    /// <inheritdoc/>
    protected override void Apply(Span<float> channel, TrainingPatch patch, PatchRandom random)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentNullException.ThrowIfNull(random);
        float[]? down = patch.SpatialDims is SpatialDims.Three ? Kernel(random.Uniform(Sigma)) : null;
        Blur(channel, patch, down, Kernel(random.Uniform(Sigma)), Kernel(random.Uniform(Sigma)));
    }

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems(SpatialDims dims) => base.Problems(dims).Concat(Range("Sigma", Sigma, 0));

    /// <summary>The weights from the centre outwards: one half of the kernel with its centre, normalized so that the whole has sum 1.</summary>
    internal static float[] Kernel(double sigma)
    {
        var radius = Math.Max(1, (int)Math.Round(3 * sigma - 0.25));
        var weights = Enumerable.Range(0, radius + 1).Select(i => Math.Exp(-0.5 * i * i / (sigma * sigma))).ToArray();
        var sum = 2 * weights.Sum() - weights[0];
        return [.. weights.Select(weight => (float)(weight / sum))];
    }

    private static void Blur(Span<float> channel, TrainingPatch patch, float[]? down, float[] along, float[] across)
    {
        var (depth, height, width) = (patch.Depth, patch.Height, patch.Width);
        var scratch = patch.Scratch;
        if (down is null)
        {
            AxisFilter.Mirrored(along, height).Apply(channel, scratch, depth, width);
            Rows.Convolve(scratch, channel, width, across);
            return;
        }

        AxisFilter.Mirrored(down, depth).Apply(channel, scratch, outer: 1, inner: height * width);
        AxisFilter.Mirrored(along, height).Apply(scratch, channel, depth, width);
        Rows.Convolve(channel, channel, width, across);
    }
}
