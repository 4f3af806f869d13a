namespace UNetFamily.Imaging;

/// <summary>Where the voxels of a volume lie in space. Each format of files has its own record, so that a label map lies exactly on its image in every viewer.</summary>
public abstract record VolumeGeometry
{
    /// <summary>The distance between neighbouring voxels along each axis in millimetres, by the affine map.</summary>
    public virtual VolumeSpacing Spacing
    {
        get
        {
            var affine = Affine();
            return new(Length(2), Length(1), Length(0));

            double Length(int axis) => Math.Sqrt(affine[axis] * affine[axis] + affine[4 + axis] * affine[4 + axis] + affine[8 + axis] * affine[8 + axis]);
        }
    }

    /// <summary>What a voxel fills, in cubic millimetres, by the affine map: less than its sides multiplied where the grid is sheared.</summary>
    public double VoxelVolume
    {
        get
        {
            var m = Affine();
            return Math.Abs(m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8]) + m[2] * (m[4] * m[9] - m[5] * m[8]));
        }
    }

    /// <summary>Whether each axis has a direction of its own.</summary>
    public bool IsInvertible => Spacing is { IsPositive: true } spacing && VoxelVolume is var volume && double.IsFinite(volume) && volume > 1e-6 * spacing.Z * spacing.Y * spacing.X;

    /// <summary>How many axes the file has: 2 for a single image, of which a volume has one slice.</summary>
    /// <value>3.</value>
    public int Rank { get; init; } = 3;

    /// <summary>The affine map from voxel indices (x, y, z) to millimetres to the right, the front and the top of the body: three rows of four numbers.</summary>
    public abstract double[] Affine();

    /// <summary>Whether two grids put the same index at the same place, to a hundredth of a voxel over a grid of this size.</summary>
    /// <param name="other">The geometry of the other grid.</param>
    /// <param name="size">The voxels of both.</param>
    public bool Matches(VolumeGeometry other, VolumeSize size)
    {
        ArgumentNullException.ThrowIfNull(other);
        var tolerance = 0.01 * Spacing.Min;
        var (ours, theirs) = (Affine(), other.Affine());
        double[] corner = [size.X, size.Y, size.Z, 1];
        return Enumerable.Range(0, 12).All(i => Math.Abs(ours[i] - theirs[i]) * corner[i % 4] <= tolerance);
    }
}
