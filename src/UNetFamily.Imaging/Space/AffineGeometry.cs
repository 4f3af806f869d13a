namespace UNetFamily.Imaging;

/// <summary>A geometry that is an affine map and nothing else: that of NRRD, MetaImage and pictures.</summary>
public sealed record AffineGeometry : VolumeGeometry
{
    private readonly double[] matrix;
    private readonly VolumeSpacing? spacing;

    /// <summary>Takes a map.</summary>
    /// <param name="matrix">From voxel indices (x, y, z) to millimetres to the right, the front and the top of the body: three rows of four numbers.</param>
    /// <param name="spacing">The distance between voxels as the file has it, free of rounding; by the map when left out.</param>
    /// <exception cref="ArgumentException">There are not twelve numbers, or an axis has no direction of its own.</exception>
    public AffineGeometry(ReadOnlySpan<double> matrix, VolumeSpacing? spacing = null)
    {
        if (matrix.Length != 12) throw new ArgumentException($"An affine map has three rows of four numbers, not {matrix.Length} numbers.", nameof(matrix));
        (this.matrix, this.spacing) = (matrix.ToArray(), spacing);
        if (!Array.TrueForAll(this.matrix, double.IsFinite)) throw new ArgumentException("The affine map is not finite.", nameof(matrix));
        if (!IsInvertible) throw new ArgumentException("The affine map is none: an axis has no direction of its own.", nameof(matrix));
    }

    /// <inheritdoc/>
    public override VolumeSpacing Spacing => spacing ?? base.Spacing;

    /// <summary>A grid along the axes of space whose first voxel lies at the origin.</summary>
    /// <param name="spacing">The distance between voxels in millimetres.</param>
    public static AffineGeometry Plain(VolumeSpacing spacing) => new([spacing.X, 0, 0, 0, 0, spacing.Y, 0, 0, 0, 0, spacing.Z, 0], spacing);

    /// <inheritdoc/>
    public override double[] Affine() => [.. matrix];

    /// <summary>Whether both are the same map.</summary>
    public bool Equals(AffineGeometry? other) => other is not null && Rank == other.Rank && Spacing == other.Spacing && matrix.AsSpan().SequenceEqual(other.matrix);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Rank, matrix[0], matrix[3], matrix[5], matrix[7], matrix[10], matrix[11]);
}
