using System.Globalization;

namespace UNetFamily.Imaging;

/// <summary>The distance between neighbouring voxels along each axis of a volume, usually in millimetres.</summary>
/// <param name="Z">Between slices.</param>
/// <param name="Y">Between rows.</param>
/// <param name="X">Between the voxels of a row.</param>
public readonly record struct VolumeSpacing(double Z, double Y, double X)
{
    /// <summary>The distance along one axis.</summary>
    /// <param name="axis">0 for Z, 1 for Y, 2 for X.</param>
    public double this[int axis] => axis switch { 0 => Z, 1 => Y, 2 => X, _ => throw new ArgumentOutOfRangeException(nameof(axis), axis, "An axis is 0 (Z), 1 (Y) or 2 (X).") };

    /// <summary>The largest of the three.</summary>
    public double Max => Math.Max(Z, Math.Max(Y, X));

    /// <summary>The smallest of the three.</summary>
    public double Min => Math.Min(Z, Math.Min(Y, X));

    /// <summary>Whether all three are finite numbers above 0.</summary>
    public bool IsPositive => Min > 0 && double.IsFinite(Max);

    /// <summary>A spacing from its three numbers.</summary>
    /// <param name="distances">(Z, Y, X).</param>
    /// <exception cref="ArgumentException">There are not three.</exception>
    public static VolumeSpacing Of(params ReadOnlySpan<double> distances) =>
        distances.Length == 3 ? new(distances[0], distances[1], distances[2]) : throw new ArgumentException($"A volume has three distances (Z, Y, X), not {distances.Length}.", nameof(distances));

    /// <summary>As spacings are usually given: <c>0.7 x 0.7 x 5</c>, X first.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{X} x {Y} x {Z}");
}
