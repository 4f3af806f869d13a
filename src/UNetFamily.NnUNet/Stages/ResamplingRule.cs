namespace UNetFamily.NnUNet;

/// <summary>
/// How volumes are brought to another grid: one of nnU-Net's functions with its arguments. Volumes whose slices are much further apart than their pixels are resampled slice by slice, and then across slices by a rule of
/// its own ("separate z").
/// </summary>
public sealed record ResamplingRule
{
    /// <summary>Which function.</summary>
    /// <value><see cref="ResamplingMethod.Spline"/>.</value>
    public ResamplingMethod Method { get; init; }

    /// <summary>The order of interpolation: 0 for the nearest voxel, 1 for linear, 3 for cubic splines. <see cref="ResamplingMethod.Torch"/> is linear whatever this says.</summary>
    /// <value>3.</value>
    public int Order { get; init; } = 3;

    /// <summary>The order across slices that are resampled for themselves.</summary>
    /// <value>0.</value>
    public int OrderZ { get; init; }

    /// <summary>Whether slices are resampled for themselves: always, never, or, when null, where the spacing says so.</summary>
    /// <value>null.</value>
    public bool? ForceSeparateZ { get; init; }

    /// <summary>How many times as far apart as pixels slices must be.</summary>
    /// <value>3.</value>
    public double AnisotropyThreshold { get; init; } = 3;

    /// <summary>The planner's rule for images: cubic splines, the nearest slice.</summary>
    public static ResamplingRule Data { get; } = new();

    /// <summary>The planner's rule for labels and for logits: linear, the nearest slice.</summary>
    public static ResamplingRule Linear { get; } = new() { Order = 1 };

    /// <summary>The axis whose slices are resampled for themselves; null for none.</summary>
    /// <param name="current">The spacing of the volume.</param>
    /// <param name="target">The spacing that it is to have.</param>
    /// <returns>0 for Z, 1 for Y, 2 for X. The axis with the largest spacing, if there is one alone.</returns>
    public int? SeparateAxis(VolumeSpacing current, VolumeSpacing target)
    {
        if (ForceSeparateZ is false) return null;
        var decides = ForceSeparateZ is true || IsAnisotropic(current) ? current : IsAnisotropic(target) ? target : (VolumeSpacing?)null;
        if (decides is not { } spacing) return null;
        int[] thick = [.. Enumerable.Range(0, 3).Where(axis => spacing[axis] == spacing.Max)];
        return thick is [var only] ? only : null;
    }

    /// <summary>Everything that is wrong with the rule.</summary>
    public IEnumerable<string> Problems()
    {
        if (Order is not (0 or 1 or 3)) yield return $"Order must be 0, 1 or 3, is {Order}.";
        if (OrderZ is not (0 or 1 or 3)) yield return $"OrderZ must be 0, 1 or 3, is {OrderZ}.";
        if (!(AnisotropyThreshold > 0)) yield return $"AnisotropyThreshold must be above 0, is {AnisotropyThreshold}.";
        if (!Enum.IsDefined(Method)) yield return $"There is no method {Method}.";
    }

    private bool IsAnisotropic(VolumeSpacing spacing) => spacing.Max / spacing.Min > AnisotropyThreshold;
}
