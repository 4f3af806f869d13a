namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>
/// How the axes of a file lie in the body. Files store heads in any of 48 ways; a network sees them in one: (D, H, W) upwards, to the front, to the right.
/// Axes are exchanged and mirrored, so no voxel changes; an oblique scan comes as close as that can.
/// </summary>
internal sealed class Orientation
{
    private static readonly int[][] Permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    // For each direction in space (right, front, up) the file's axis (x, y, z) that runs along it.
    private readonly int[] axes;
    private readonly long[] mirrored;

    /// <summary>Reads it off the affine map.</summary>
    /// <exception cref="InvalidDataException">The map is none: an axis has no direction.</exception>
    public Orientation(NiftiGeometry geometry)
    {
        var affine = geometry.Affine();
        axes = Permutations.MaxBy(order => order.Select((axis, direction) => Math.Abs(Cosine(direction, axis))).Sum())!;
        mirrored = [.. Enumerable.Range(0, 3).Where(direction => Cosine(direction, axes[direction]) < 0).Select(direction => 2L - direction)];

        double Cosine(int direction, int axis)
        {
            var length = Math.Sqrt(Enumerable.Range(0, 3).Sum(row => affine[4 * row + axis] * affine[4 * row + axis]));
            return length > 0 ? affine[4 * direction + axis] / length : throw new InvalidDataException("an axis of the affine map has no direction.");
        }
    }

    // A tensor's axes are z, y, x, and those of a network up, front, right.
    private long[] Exchange => [.. Enumerable.Range(0, 3).Select(axis => 2L - axes[2 - axis])];

    /// <summary>From the file's (z, y, x) to (up, front, right).</summary>
    public Tensor ToBody(Tensor volume) => volume.permute(Exchange).flip(mirrored);

    /// <summary>From (up, front, right) to the file's (z, y, x).</summary>
    public Tensor ToFile(Tensor volume)
    {
        var exchange = Exchange;
        return volume.flip(mirrored).permute([.. Enumerable.Range(0, 3).Select(axis => (long)Array.IndexOf(exchange, axis))]);
    }

    /// <summary>Anything that there is for each axis, (up, front, right), from that along the file's x, y and z.</summary>
    public T[] ToBody<T>(T x, T y, T z)
    {
        T[] ofFile = [x, y, z];
        return [ofFile[axes[2]], ofFile[axes[1]], ofFile[axes[0]]];
    }
}
