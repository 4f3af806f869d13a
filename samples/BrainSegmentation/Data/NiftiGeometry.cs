namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>
/// The part of a NIfTI-1 header that places voxels in space. It is kept as it was read, so that a label map written with it lies exactly
/// on its image in every viewer.
/// </summary>
internal sealed record NiftiGeometry
{
    /// <summary>-1 or 1 (qfac), then the size of a voxel along x, y and z; nearly always millimetres.</summary>
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

    /// <summary>The affine map from voxel indices to space, three rows of four, by the rules of the format: sform, else qform, else the voxel size alone.</summary>
    public double[] Affine()
    {
        if (SFormCode > 0) return [.. SForm.Select(value => (double)value)];
        var (qfac, dx, dy, dz) = (PixDim[0] < 0 ? -1.0 : 1.0, PixDim[1], PixDim[2], PixDim[3]);
        if (QFormCode <= 0) return [dx, 0, 0, 0, 0, dy, 0, 0, 0, 0, dz, 0];

        double b = QForm[0], c = QForm[1], d = QForm[2];
        var a = Math.Sqrt(Math.Max(0, 1 - b * b - c * c - d * d));
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
        var tolerance = 0.01 * Math.Min(PixDim[1], Math.Min(PixDim[2], PixDim[3]));
        var (ours, theirs) = (Affine(), other.Affine());
        double[] corner = [size.X, size.Y, size.Z, 1];
        return Enumerable.Range(0, 12).All(i => Math.Abs(ours[i] - theirs[i]) * corner[i % 4] <= tolerance);
    }
}
