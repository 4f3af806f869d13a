namespace UNetFamily.Imaging;

/// <summary>
/// How the axes of a file lie in the body. Files store heads in any of 48 ways; turned, X runs to the right, Y to the front, Z upwards (RAS). Axes are exchanged and mirrored, so no voxel changes; an oblique scan comes
/// as close as that can. Where two answers are as near, x chooses before y and y before z, as in nibabel.
/// </summary>
public sealed class Orientation
{
    private const int PolarSteps = 60;

    // For each direction in space (right, front, up) the file's axis (0 for x, 1 for y, 2 for z) that runs along it, and whether it runs the other way.
    private readonly int[] axes = new int[3];
    private readonly bool[] mirrored = new bool[3];

    /// <summary>Reads it off an affine map.</summary>
    /// <param name="geometry">Has the map.</param>
    /// <exception cref="InvalidDataException">The map is none: an axis has no direction.</exception>
    public Orientation(VolumeGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        if (!geometry.IsInvertible) throw new InvalidDataException("an axis of the affine map has no direction of its own.");
        var directions = WithoutShear(geometry.Affine());
        var left = new List<int> { 0, 1, 2 };
        for (var axis = 0; axis < 3; axis++)
        {
            var nearest = left.MaxBy(direction => Math.Abs(directions[direction, axis]));
            left.Remove(nearest);
            (axes[nearest], mirrored[nearest]) = (axis, directions[nearest, axis] < 0);
        }
    }

    /// <summary>For each direction (right, front, up) the file's axis that runs along it: 0 for x, 1 for y, 2 for z.</summary>
    public IReadOnlyList<int> Axes => axes;

    /// <summary>For each direction (right, front, up) whether the file's axis runs the other way.</summary>
    public IReadOnlyList<bool> Mirrored => mirrored;

    /// <summary>Whether the file's axes lie like that already.</summary>
    public bool IsIdentity => axes is [0, 1, 2] && mirrored is [false, false, false];

    /// <summary>A volume with its axes turned. Its geometry leads back: label maps that are written with it lie on the file.</summary>
    /// <param name="volume">The volume as the file has it.</param>
    public Volume Turn(Volume volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        if (IsIdentity) return volume;
        return new Volume([.. volume.Channels.Select(channel => Turn(channel, volume.Size))], Turn(volume.Size), new TurnedGeometry(volume.Geometry, this, volume.Size), Turn(volume.Spacing));
    }

    /// <summary>A size with its axes turned.</summary>
    /// <param name="size">As the file has it.</param>
    public VolumeSize Turn(VolumeSize size) => new(size[2 - axes[2]], size[2 - axes[1]], size[2 - axes[0]]);

    /// <summary>A spacing with its axes turned.</summary>
    /// <param name="spacing">As the file has it.</param>
    public VolumeSpacing Turn(VolumeSpacing spacing) => new(spacing[2 - axes[2]], spacing[2 - axes[1]], spacing[2 - axes[0]]);

    /// <summary>A size as the file has it.</summary>
    /// <param name="size">With its axes turned.</param>
    public VolumeSize Back(VolumeSize size)
    {
        var back = size;
        for (var direction = 0; direction < 3; direction++) back = back.With(2 - axes[direction], size[2 - direction]);
        return back;
    }

    /// <summary>Numbers with their axes turned.</summary>
    /// <param name="values">A number for each voxel as the file has them, X fastest.</param>
    /// <param name="size">As the file has it.</param>
    public T[] Turn<T>(T[] values, VolumeSize size) => Moved(values, size, Turn(size), gather: true);

    /// <summary>Numbers as the file has them.</summary>
    /// <param name="values">A number for each voxel with axes turned, X fastest.</param>
    /// <param name="size">With its axes turned.</param>
    public T[] Back<T>(T[] values, VolumeSize size) => Moved(values, Back(size), size, gather: false);

    private T[] Moved<T>(T[] values, VolumeSize file, VolumeSize turned, bool gather)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != file.Voxels) throw new ArgumentException($"{values.Length} numbers don't fill a grid of {file}.", nameof(values));
        int[] steps = [1, file.X, file.Slice];
        var (stepX, stepY, stepZ, first) = (Step(0), Step(1), Step(2), 0);
        for (var direction = 0; direction < 3; direction++)
            if (mirrored[direction]) first += steps[axes[direction]] * (turned[2 - direction] - 1);
        var result = new T[values.Length];
        Parallel.For(0, turned.Z, z =>
        {
            for (var y = 0; y < turned.Y; y++)
            {
                var (at, there) = ((z * turned.Y + y) * turned.X, first + z * stepZ + y * stepY);
                for (var x = 0; x < turned.X; x++, at++, there += stepX)
                {
                    if (gather) result[at] = values[there];
                    else result[there] = values[at];
                }
            }
        });
        return result;

        int Step(int direction) => mirrored[direction] ? -steps[axes[direction]] : steps[axes[direction]];
    }

    // The rotation that is nearest to the map's directions, by Newton's iteration for the polar decomposition: the mean of a matrix and its transposed inverse.
    private static double[,] WithoutShear(double[] affine)
    {
        var m = new double[3, 3];
        for (var axis = 0; axis < 3; axis++)
        {
            var length = Math.Sqrt(affine[axis] * affine[axis] + affine[4 + axis] * affine[4 + axis] + affine[8 + axis] * affine[8 + axis]);
            for (var row = 0; row < 3; row++) m[row, axis] = affine[4 * row + axis] / length;
        }
        for (var step = 0; step < PolarSteps; step++)
        {
            var cofactors = new double[3, 3];
            for (var row = 0; row < 3; row++)
            {
                for (var column = 0; column < 3; column++)
                {
                    var (a, b, c, d) = ((row + 1) % 3, (row + 2) % 3, (column + 1) % 3, (column + 2) % 3);
                    cofactors[row, column] = m[a, c] * m[b, d] - m[a, d] * m[b, c];
                }
            }
            var determinant = m[0, 0] * cofactors[0, 0] + m[0, 1] * cofactors[0, 1] + m[0, 2] * cofactors[0, 2];
            for (var row = 0; row < 3; row++)
                for (var column = 0; column < 3; column++) m[row, column] = (m[row, column] + cofactors[row, column] / determinant) / 2;
        }
        return m;
    }
}
