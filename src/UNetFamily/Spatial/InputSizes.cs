namespace UNetFamily;

/// <summary>
/// The spatial sizes that a network takes: on each axis <c>minimum + k * step</c> for k = 0, 1, 2 …, up to a maximum where there is one.
/// </summary>
public sealed class InputSizes
{
    private readonly SpatialDims dims;
    private readonly long[] minimum;
    private readonly long[] step;
    private readonly long[]? maximum;
    private readonly long cells;

    private InputSizes(SpatialDims dims, Extent minimum, Extent step, Extent? maximum = null, long cells = 1)
    {
        this.dims = dims;
        this.cells = cells;
        this.minimum = minimum.Along(dims);
        this.step = step.Along(dims);
        this.maximum = maximum?.Along(dims);
    }

    /// <summary>Any size from a minimum on.</summary>
    /// <param name="dims">The rank of the network.</param>
    /// <param name="minimum">The smallest side.</param>
    public static InputSizes AtLeast(SpatialDims dims, Extent minimum) => new(dims, minimum, 1);

    /// <summary>Multiples of a divisor, such as 16 for a network that halves four times.</summary>
    /// <param name="dims">The rank of the network.</param>
    /// <param name="divisor">The divisor per axis; also the smallest side.</param>
    /// <param name="cells">How many cells of the divisor's size the whole input has at least: 2 where a norm needs several positions at the coarsest level.</param>
    public static InputSizes MultiplesOf(SpatialDims dims, Extent divisor, long cells = 1) => new(dims, divisor, divisor, cells: cells);

    /// <summary>A minimum and steps from there, such as 188, 204, 220 … for the unpadded U-Net.</summary>
    /// <param name="dims">The rank of the network.</param>
    /// <param name="minimum">The smallest side.</param>
    /// <param name="step">The distance to the next.</param>
    public static InputSizes From(SpatialDims dims, Extent minimum, Extent step) => new(dims, minimum, step);

    /// <summary>One size only.</summary>
    /// <param name="dims">The rank of the network.</param>
    /// <param name="size">The size.</param>
    public static InputSizes Only(SpatialDims dims, Extent size) => new(dims, size, 1, size);

    /// <summary>The same with all that can be said of them, as a file has it.</summary>
    internal static InputSizes Of(SpatialDims dims, ReadOnlySpan<long> minimum, ReadOnlySpan<long> step, ReadOnlySpan<long> maximum, long cells) =>
        new(dims, Extent.Of(minimum.ToArray()), Extent.Of(step.ToArray()), maximum.IsEmpty ? null : Extent.Of(maximum.ToArray()), cells);

    /// <summary>The smallest side of each axis.</summary>
    internal IReadOnlyList<long> Minimum => minimum;

    /// <summary>From each side to the next.</summary>
    internal IReadOnlyList<long> Step => step;

    /// <summary>The largest side of each axis; null where there is none.</summary>
    internal IReadOnlyList<long>? Largest => maximum;

    /// <summary>How many cells of a step's size the whole input has at least.</summary>
    internal long LeastCells => cells;

    /// <summary>Whether the network takes this size.</summary>
    /// <param name="size">One side per spatial axis, in the tensor's order.</param>
    public bool Contains(ReadOnlySpan<long> size) => Problem(size) is null;

    /// <summary>The smallest size that the network takes and that covers <paramref name="size"/>; the size to pad to.</summary>
    /// <param name="size">One side per spatial axis, in the tensor's order.</param>
    /// <returns>A new array of the same length.</returns>
    /// <exception cref="ArgumentException">The number of axes is wrong, or a side is over the maximum.</exception>
    public long[] Cover(ReadOnlySpan<long> size)
    {
        if (size.Length != (int)dims) throw new ArgumentException($"Size needs {(int)dims} sides, got {size.Length}.", nameof(size));
        var cover = new long[size.Length];
        for (var axis = 0; axis < cover.Length; axis++)
        {
            cover[axis] = NotBelow(axis, size[axis]);
            if (cover[axis] > Maximum(axis)) throw new ArgumentException($"{dims.AxisNames[axis]} {size[axis]} is over the largest, {Maximum(axis)}.", nameof(size));
        }
        while (Cells(cover) < cells) cover[^1] += step[^1];
        return cover;
    }

    /// <summary>As <see cref="Cover"/>; on an axis where the network takes nothing that large, its largest side.</summary>
    internal long[] CoverOrLargest(ReadOnlySpan<long> size)
    {
        var within = size.ToArray();
        for (var axis = 0; axis < within.Length; axis++) within[axis] = Math.Min(within[axis], Maximum(axis));
        return Cover(within);
    }

    /// <summary>What is wrong with a size, in a sentence that names axis, value and the nearest valid ones; null when nothing is.</summary>
    internal string? Problem(ReadOnlySpan<long> size)
    {
        for (var axis = 0; axis < size.Length; axis++)
        {
            var side = size[axis];
            if (side >= minimum[axis] && side <= Maximum(axis) && (side - minimum[axis]) % step[axis] == 0) continue;

            var above = Math.Min(NotBelow(axis, side), Maximum(axis));
            var below = above > side ? above - step[axis] : above;
            var nearest = below >= minimum[axis] && below != above ? $"{below} or {above}" : $"{above}";
            return $"{dims.AxisNames[axis]} of input (axis {axis + 2}) is {side}; it takes {Describe(axis)}. Nearest: {nearest}.";
        }
        return Cells(size) >= cells ? null
            : $"the input is {Print(size)}; it takes {cells} or more cells of {Print(step)}, so that its norm has several positions. Nearest: {Print(Cover(size))}.";
    }

    /// <summary>Whether no side is over the maximum.</summary>
    internal bool HasRoomFor(ReadOnlySpan<long> size)
    {
        for (var axis = 0; axis < size.Length; axis++)
            if (size[axis] > Maximum(axis)) return false;
        return true;
    }

    /// <summary>
    /// The largest patch that is no larger than a size where that is possible, else the smallest. Where any side will do, multiples of the smallest are taken, so that nothing needs padding inside.
    /// </summary>
    internal long[] Patch(ReadOnlySpan<long> size)
    {
        var patch = new long[size.Length];
        for (var axis = 0; axis < patch.Length; axis++)
        {
            var side = Math.Clamp(size[axis], minimum[axis], Maximum(axis));
            patch[axis] = side - (side - minimum[axis]) % PatchStep(axis);
        }
        while (Cells(patch) < cells) patch[^1] += step[^1];
        return patch;
    }

    /// <summary>The next smaller patch on an axis; null at the smallest.</summary>
    internal long[]? Smaller(ReadOnlySpan<long> patch, int axis)
    {
        var smaller = patch.ToArray();
        smaller[axis] -= PatchStep(axis);
        return smaller[axis] >= minimum[axis] && Cells(smaller) >= cells ? smaller : null;
    }

    private long PatchStep(int axis) => step[axis] == 1 ? minimum[axis] : step[axis];

    private long Cells(ReadOnlySpan<long> size)
    {
        var product = 1L;
        for (var axis = 0; axis < size.Length; axis++) product *= size[axis] / step[axis];
        return product;
    }

    private static string Print(ReadOnlySpan<long> size) => string.Join(" x ", size.ToArray());

    private long Maximum(int axis) => maximum?[axis] ?? long.MaxValue;

    private long NotBelow(int axis, long side) => side <= minimum[axis] ? minimum[axis] : minimum[axis] + (side - minimum[axis] + step[axis] - 1) / step[axis] * step[axis];

    private string Describe(int axis) =>
        maximum is not null && maximum[axis] == minimum[axis] ? $"{minimum[axis]} only"
        : step[axis] == 1 ? $"{minimum[axis]} or more"
        : minimum[axis] == step[axis] ? $"multiples of {step[axis]}"
        : $"{minimum[axis]}, {minimum[axis] + step[axis]}, {minimum[axis] + 2 * step[axis]} and so on in steps of {step[axis]}";

    /// <summary>For example <c>height: multiples of 16; width: multiples of 16</c>.</summary>
    public override string ToString() =>
        string.Join("; ", dims.AxisNames.Select((name, axis) => $"{name}: {Describe(axis)}")) + (cells > 1 ? $"; {cells} or more cells of {Print(step)}" : "");
}
