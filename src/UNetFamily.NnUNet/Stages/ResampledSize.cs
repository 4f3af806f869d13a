using System.Globalization;

namespace UNetFamily.NnUNet;

/// <summary>How many voxels a volume has at another spacing.</summary>
public static class ResampledSize
{
    /// <summary>nnU-Net's rule: the extent divided by the new spacing, rounded, halves to the even number.</summary>
    /// <param name="size">The volume's sides.</param>
    /// <param name="current">Its spacing.</param>
    /// <param name="target">The spacing that it is to have.</param>
    /// <exception cref="ArgumentException">A spacing isn't above 0, or a side would be less than a voxel or too long.</exception>
    public static VolumeSize Of(VolumeSize size, VolumeSpacing current, VolumeSpacing target)
    {
        if (!current.IsPositive) throw new ArgumentException($"The distance between voxels must be above 0 along each axis, is {current}.", nameof(current));
        if (!target.IsPositive) throw new ArgumentException($"The distance between voxels must be above 0 along each axis, is {target}.", nameof(target));
        var sides = new int[3];
        var voxels = 1.0;
        for (var axis = 0; axis < 3; axis++)
        {
            var side = Math.Round(current[axis] / target[axis] * size[axis]);
            voxels *= side;
            if (side < 1)
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{size} voxels of {current} mm are less than a voxel of {target} mm along axis {"ZYX"[axis]}. The largest distance that leaves one is {current[axis] * size[axis]}. Is the image's unit right?"), nameof(target));
            if (voxels > Array.MaxLength)
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{size} voxels of {current} mm would be more than {Array.MaxLength} voxels of {target} mm. Is the image's unit right?"), nameof(target));
            sides[axis] = (int)side;
        }
        return VolumeSize.Of(sides);
    }
}
