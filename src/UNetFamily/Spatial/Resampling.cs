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

    /// <summary>
    /// Pads with zeros to the spatial size of <paramref name="target"/>, half of the difference in front (rounded down) and the rest behind.
    /// </summary>
    /// <param name="x">(N, C, …spatial), no larger than the target.</param>
    /// <param name="target">(N, any channels, …spatial).</param>
    /// <returns>(N, C, …spatial of the target), always a fresh handle.</returns>
    public static Tensor PadTo(Tensor x, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(target);
        var (from, to) = (x.shape, target.shape);
        if (from.AsSpan(2).SequenceEqual(to.AsSpan(2))) return x.alias();

        var padding = new List<long>();
        for (var axis = from.Length - 1; axis >= 2; axis--)     // torch lists the last axis first
        {
            var missing = to[axis] - from[axis];
            padding.AddRange([missing / 2, missing - missing / 2]);
        }
        return functional.pad(x, padding.ToArray(), PaddingModes.Constant, 0);
    }

    /// <summary>Cuts the centre out of <paramref name="x"/> so that its spatial size is that of <paramref name="target"/>.</summary>
    /// <param name="x">(N, C, …spatial), no smaller than the target.</param>
    /// <param name="target">(N, any channels, …spatial).</param>
    /// <returns>A view (N, C, …spatial of the target), always a fresh handle.</returns>
    public static Tensor CropTo(Tensor x, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(target);
        return Centre(x, target.shape);
    }

    /// <summary>
    /// Gives <paramref name="x"/> the spatial size of <paramref name="target"/>: an axis that is too long is cut to its centre, one that is too short is
    /// padded with zeros as in <see cref="PadTo"/>. It joins maps whose sizes differ by the rounding of some down-sampling.
    /// </summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <param name="target">(N, any channels, …spatial).</param>
    /// <returns>(N, C, …spatial of the target), always a fresh handle.</returns>
    public static Tensor FitTo(Tensor x, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(target);
        using var cropped = Centre(x, [.. x.shape.Zip(target.shape, Math.Min)]);
        return PadTo(cropped, target);
    }

    private static Tensor Centre(Tensor x, long[] size)
    {
        var from = x.shape;
        var centre = x.alias();
        for (var axis = 2; axis < from.Length; axis++)
        {
            using var wider = centre;
            centre = wider.narrow(axis, (from[axis] - size[axis]) / 2, size[axis]);
        }
        return centre;
    }

    private static InterpolationMode Linear(Tensor x) => x.dim() switch
    {
        4 => InterpolationMode.Bilinear,
        5 => InterpolationMode.Trilinear,
        var rank => throw new ArgumentException($"x must be (N, C, H, W) or (N, C, D, H, W), has {rank} axes.", nameof(x)),
    };
}
