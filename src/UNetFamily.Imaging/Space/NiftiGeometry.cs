namespace UNetFamily.Imaging;

/// <summary>
/// The part of a NIfTI header that places voxels in space. It is kept as it was read, so that a label map written with it lies exactly
/// on its image in every viewer.
/// </summary>
public sealed record NiftiGeometry : VolumeGeometry
{
    /// <summary>-1 or 1 (qfac), then what the file calls the size of a voxel along x, y and z, in its own unit. Where there is an sform that means nothing: see <see cref="VolumeGeometry.Spacing"/>.</summary>
    public required double[] PixDim { get; init => field = Numbers(value, 4, nameof(PixDim)); }

    /// <summary>Codes of the units of space and time.</summary>
    public byte Units { get; init; }

    /// <summary>What space the quaternion leads to; 0 when there is none.</summary>
    public short QFormCode { get; init; }

    /// <summary>What space <see cref="SForm"/> leads to; 0 when there is none.</summary>
    public short SFormCode { get; init; }

    /// <summary>Quaternion b, c, d, then the position of the first voxel.</summary>
    public double[] QForm { get; init => field = Numbers(value, 6, nameof(QForm)); } = new double[6];

    /// <summary>Three rows of four: the affine map from voxel indices to space.</summary>
    public double[] SForm { get; init => field = Numbers(value, 12, nameof(SForm)); } = new double[12];

    /// <summary>A plain grid at the origin.</summary>
    /// <param name="spacing">The distance between voxels in millimetres, along all axes.</param>
    public static NiftiGeometry Plain(double spacing) => new() { PixDim = [1, spacing, spacing, spacing] };

    // Millimetres in a unit of the file: codes 1 and 3 are metres and microns. Files without a unit mean millimetres.
    private double Millimetres => (Units & 7) switch { 1 => 1000, 3 => 0.001, _ => 1 };

    /// <summary>The voxel size that the header says in its own unit, which is not that of <see cref="Affine"/> in every file. Negative numbers mean their absolute value; those that mean nothing give way to the map's.</summary>
    public VolumeSpacing HeaderSpacing
    {
        get
        {
            var spacing = new VolumeSpacing(Math.Abs(PixDim[3]), Math.Abs(PixDim[2]), Math.Abs(PixDim[1]));
            return spacing.IsPositive ? spacing : Spacing;
        }
    }

    /// <summary><see cref="HeaderSpacing"/> in millimetres.</summary>
    public VolumeSpacing HeaderSpacingInMillimetres
    {
        get
        {
            var spacing = new VolumeSpacing(Math.Abs(PixDim[3]) * Millimetres, Math.Abs(PixDim[2]) * Millimetres, Math.Abs(PixDim[1]) * Millimetres);
            return spacing.IsPositive ? spacing : Spacing;
        }
    }

    /// <summary>The affine map from voxel indices (x, y, z) to millimetres, three rows of four, by the rules of the format: sform, else qform, else the voxel size alone.</summary>
    public override double[] Affine() => [.. InUnits().Select(value => value * Millimetres)];

    private double[] InUnits()
    {
        if (SFormCode > 0) return [.. SForm];
        var (qfac, dx, dy, dz) = (PixDim[0] < 0 ? -1.0 : 1.0, Math.Abs(PixDim[1]), Math.Abs(PixDim[2]), Math.Abs(PixDim[3]));
        if (QFormCode <= 0) return [dx, 0, 0, 0, 0, dy, 0, 0, 0, 0, dz, 0];

        double b = QForm[0], c = QForm[1], d = QForm[2];
        var square = b * b + c * c + d * d;
        // Rounded, half a turn can come out as more than one; the format then wants a unit quaternion.
        if (1 - square < 1e-7) (b, c, d, square) = (b / Math.Sqrt(square), c / Math.Sqrt(square), d / Math.Sqrt(square), 1);
        var a = Math.Sqrt(1 - square);
        dz *= qfac;
        return
        [
            (a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * dz, QForm[3],
            2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * dz, QForm[4],
            2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - b * b - c * c) * dz, QForm[5],
        ];
    }

    private static double[] Numbers(double[] values, int count, string name) =>
        values is { Length: var length } && length == count ? values : throw new ArgumentException($"{name} has {count} numbers, not {values?.Length ?? 0}.", name);
}
