namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>
/// The part of a NIfTI-1 header that places voxels in space. It is kept as it was read, so that a label map written with it lies exactly
/// on its image in every viewer.
/// </summary>
internal sealed record NiftiGeometry
{
    /// <summary>-1 or 1 (qfac), then what the file calls the size of a voxel along x, y and z, in its own unit. Where there is an sform that means nothing: see <see cref="Spacing"/>.</summary>
    public required float[] PixDim { get; init; }

    /// <summary>Codes of the units of space and time.</summary>
    public byte Units { get; init; }

    public short QFormCode { get; init; }

    public short SFormCode { get; init; }

    /// <summary>Quaternion b, c, d, then the position of the first voxel.</summary>
    public float[] QForm { get; init; } = new float[6];

    /// <summary>Three rows of four: the affine map from voxel indices to space.</summary>
    public float[] SForm { get; init; } = new float[12];

    /// <summary>A plain grid at the origin.</summary>
    public static NiftiGeometry Plain(float spacing) => new() { PixDim = [1, spacing, spacing, spacing] };

    /// <summary>The distance between neighbouring voxels along x, y and z in millimetres, by the affine map.</summary>
    public double[] Spacing
    {
        get
        {
            var affine = Affine();
            return [.. Enumerable.Range(0, 3).Select(axis => Math.Sqrt(Enumerable.Range(0, 3).Sum(row => affine[4 * row + axis] * affine[4 * row + axis])))];
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
    public bool IsInvertible => VoxelVolume > 1e-6 * Spacing.Aggregate((product, side) => product * side);

    // Millimetres in a unit of the file: codes 1 and 3 are metres and microns. Files without a unit mean millimetres.
    private double Millimetres => (Units & 7) switch { 1 => 1000, 3 => 0.001, _ => 1 };

    /// <summary>The affine map from voxel indices to millimetres, three rows of four, by the rules of the format: sform, else qform, else the voxel size alone.</summary>
    public double[] Affine() => [.. InUnits().Select(value => value * Millimetres)];

    private double[] InUnits()
    {
        if (SFormCode > 0) return [.. SForm.Select(value => (double)value)];
        var (qfac, dx, dy, dz) = (PixDim[0] < 0 ? -1.0 : 1.0, PixDim[1], PixDim[2], PixDim[3]);
        if (QFormCode <= 0) return [dx, 0, 0, 0, 0, dy, 0, 0, 0, 0, dz, 0];

        double b = QForm[0], c = QForm[1], d = QForm[2];
        var square = b * b + c * c + d * d;
        // Rounded, half a turn can come out as more than one; the format then wants a unit quaternion.
        if (1 - square < 1e-7) (b, c, d, square) = (b / Math.Sqrt(square), c / Math.Sqrt(square), d / Math.Sqrt(square), 1);
        var a = Math.Sqrt(1 - square);
        dz *= (float)qfac;
        return
        [
            (a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * dz, QForm[3],
            2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * dz, QForm[4],
            2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - b * b - c * c) * dz, QForm[5],
        ];
    }

    /// <summary>Whether two grids put the same index at the same place, to a hundredth of a voxel over a grid of this size.</summary>
    public bool Matches(NiftiGeometry other, GridSize size)
    {
        var tolerance = 0.01 * Spacing.Min();
        var (ours, theirs) = (Affine(), other.Affine());
        double[] corner = [size.X, size.Y, size.Z, 1];
        return Enumerable.Range(0, 12).All(i => Math.Abs(ours[i] - theirs[i]) * corner[i % 4] <= tolerance);
    }
}
