using System.Globalization;

namespace UNetFamily.Imaging;

/// <summary>Voxels along each axis of a volume, slowest first: X runs fastest in memory.</summary>
/// <param name="Z">Slices.</param>
/// <param name="Y">Rows of a slice.</param>
/// <param name="X">Voxels of a row.</param>
public readonly record struct VolumeSize(int Z, int Y, int X)
{
    /// <summary>All voxels.</summary>
    /// <exception cref="OverflowException">There are more than an array can hold.</exception>
    public int Voxels => checked(Z * Y * X);

    /// <summary>The voxels of one slice.</summary>
    public int Slice => checked(Y * X);

    /// <summary>One side.</summary>
    /// <param name="axis">0 for Z, 1 for Y, 2 for X.</param>
    public int this[int axis] => axis switch { 0 => Z, 1 => Y, 2 => X, _ => throw new ArgumentOutOfRangeException(nameof(axis), axis, "An axis is 0 (Z), 1 (Y) or 2 (X).") };

    /// <summary>A size from its sides.</summary>
    /// <param name="sides">(Z, Y, X).</param>
    /// <exception cref="ArgumentException">There are not three.</exception>
    public static VolumeSize Of(params ReadOnlySpan<int> sides) =>
        sides.Length == 3 ? new(sides[0], sides[1], sides[2]) : throw new ArgumentException($"A volume has three sides (Z, Y, X), not {sides.Length}.", nameof(sides));

    /// <summary>The sides with one of them changed.</summary>
    /// <param name="axis">0 for Z, 1 for Y, 2 for X.</param>
    /// <param name="side">Voxels along it.</param>
    public VolumeSize With(int axis, int side) => axis switch { 0 => this with { Z = side }, 1 => this with { Y = side }, 2 => this with { X = side }, _ => throw new ArgumentOutOfRangeException(nameof(axis), axis, "An axis is 0 (Z), 1 (Y) or 2 (X).") };

    /// <summary>As sizes are usually given: <c>512 x 512 x 130</c>, X first.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{X} x {Y} x {Z}");
}
