namespace UNetFamily.NnUNet;

/// <summary>The order in which a network sees a volume's axes (<c>transpose_forward</c> of the plans), and the way back.</summary>
public sealed class AxisOrder
{
    private readonly int[] forward, backward;

    /// <summary>Takes an order.</summary>
    /// <param name="forward">For each of the network's axes the axis of the image: 0 for Z, 1 for Y, 2 for X.</param>
    /// <exception cref="ArgumentException">Not each axis is there once.</exception>
    public AxisOrder(params IReadOnlyList<int> forward)
    {
        ArgumentNullException.ThrowIfNull(forward);
        if (!forward.Order().SequenceEqual([0, 1, 2])) throw new ArgumentException($"An order of axes has 0, 1 and 2 once each, not {string.Join(", ", forward)}.", nameof(forward));
        this.forward = [.. forward];
        backward = [.. Enumerable.Range(0, 3).Select(axis => Array.IndexOf(this.forward, axis))];
    }

    /// <summary>Axes as they are.</summary>
    public static AxisOrder Identity { get; } = new(0, 1, 2);

    /// <summary>Whether nothing changes.</summary>
    public bool IsIdentity => forward is [0, 1, 2];

    /// <summary>The image's size as the network sees it.</summary>
    /// <param name="size">The image's.</param>
    public VolumeSize Forward(VolumeSize size) => VolumeSize.Of(size[forward[0]], size[forward[1]], size[forward[2]]);

    /// <summary>The image's spacing as the network sees it.</summary>
    /// <param name="spacing">The image's.</param>
    public VolumeSpacing Forward(VolumeSpacing spacing) => VolumeSpacing.Of(spacing[forward[0]], spacing[forward[1]], spacing[forward[2]]);

    /// <summary>Numbers of the image as the network sees them.</summary>
    /// <param name="values">A number for each voxel, the image's X fastest.</param>
    /// <param name="size">The image's size.</param>
    /// <returns>The numbers in the other order; the array itself where nothing changes.</returns>
    /// <exception cref="ArgumentException">The numbers don't fill the image.</exception>
    public T[] Forward<T>(T[] values, VolumeSize size) => Moved(values, size, forward);

    /// <summary>The image's size.</summary>
    /// <param name="size">As the network sees it.</param>
    public VolumeSize Backward(VolumeSize size) => VolumeSize.Of(size[backward[0]], size[backward[1]], size[backward[2]]);

    /// <summary>Numbers on the image.</summary>
    /// <param name="values">A number for each voxel as the network sees them, its last axis fastest.</param>
    /// <param name="size">The size as the network sees it.</param>
    /// <returns>The numbers in the other order; the array itself where nothing changes.</returns>
    /// <exception cref="ArgumentException">The numbers don't fill that size.</exception>
    public T[] Backward<T>(T[] values, VolumeSize size) => Moved(values, size, backward);

    /// <summary>How far apart neighbours along the network's axes lie in the image's memory.</summary>
    /// <param name="size">The image's size.</param>
    internal (int Z, int Y, int X) Steps(VolumeSize size)
    {
        int[] steps = [size.Slice, size.X, 1];
        return (steps[forward[0]], steps[forward[1]], steps[forward[2]]);
    }

    private static T[] Moved<T>(T[] values, VolumeSize size, int[] order)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != size.Voxels) throw new ArgumentException($"{values.Length} numbers don't fill a volume of {size}.", nameof(values));
        if (order is [0, 1, 2]) return values;
        int[] steps = [size.Slice, size.X, 1];
        var (to, moved) = (VolumeSize.Of(size[order[0]], size[order[1]], size[order[2]]), new T[values.Length]);
        Parallel.For(0, to.Z, z =>
        {
            for (var y = 0; y < to.Y; y++)
            {
                var (from, at, step) = (z * steps[order[0]] + y * steps[order[1]], (z * to.Y + y) * to.X, steps[order[2]]);
                for (var x = 0; x < to.X; x++, from += step) moved[at + x] = values[from];
            }
        });
        return moved;
    }
}
