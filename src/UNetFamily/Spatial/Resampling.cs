namespace UNetFamily;

/// <summary>Changes of size that segmentation networks make between their levels; the rank is that of the tensor.</summary>
public static class Resampling
{
    /// <summary>
    /// Resizes linearly (bilinear for images, trilinear for volumes).
    /// </summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <param name="size">The new size of each spatial axis.</param>
    /// <param name="alignCorners">Whether the centres of the corner pixels stay where they are; the field uses both conventions.</param>
    /// <returns>(N, C, …size).</returns>
    public static Tensor Resize(Tensor x, long[] size, bool alignCorners)
    {
        ArgumentNullException.ThrowIfNull(x);
        return functional.interpolate(x, size, mode: Linear(x), align_corners: alignCorners);
    }

    /// <summary>Multiplies each spatial side by <paramref name="scale"/>, linearly.</summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <param name="scale">The factor per axis.</param>
    /// <param name="alignCorners">Whether the centres of the corner pixels stay where they are.</param>
    /// <returns>(N, C, …spatial * scale).</returns>
    public static Tensor Upsample(Tensor x, Extent scale, bool alignCorners)
    {
        ArgumentNullException.ThrowIfNull(x);
        var dims = (SpatialDims)(x.dim() - 2);
        return Resize(x, [.. x.shape[2..].Zip(scale.Along(dims), (side, factor) => side * factor)], alignCorners);
    }

    /// <summary>Multiplies the sides by repeating each value.</summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <param name="scale">The factor per axis.</param>
    /// <returns>(N, C, …spatial * scale).</returns>
    public static Tensor UpsampleNearest(Tensor x, Extent scale)
    {
        ArgumentNullException.ThrowIfNull(x);
        var factors = scale.Along((SpatialDims)(x.dim() - 2));
        return functional.interpolate(x, [.. x.shape[2..].Zip(factors, (side, factor) => side * factor)], mode: InterpolationMode.Nearest);
    }

    private static InterpolationMode Linear(Tensor x) => x.dim() switch
    {
        4 => InterpolationMode.Bilinear,
        5 => InterpolationMode.Trilinear,
        var rank => throw new ArgumentException($"x must be (N, C, H, W) or (N, C, D, H, W), has {rank} axes.", nameof(x)),
    };
}
