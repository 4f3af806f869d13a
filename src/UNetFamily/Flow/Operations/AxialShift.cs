namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>
    /// Moves groups of channels along an axis, each by another number of positions, so that a layer on channels sees neighbours: the shift of axial-shifted MLPs. What moves over the border is lost, and zeros
    /// come in behind it.
    /// </summary>
    /// <param name="axis">The spatial axis; 0 is the first.</param>
    /// <param name="parts">
    /// How many groups, 1 or more. Each has C / parts channels, rounded up, and the last what is left, so few channels may give fewer groups. They move by -parts/2, -parts/2 + 1 and so on: with 5 by
    /// -2 to 2, towards higher positions where the number is positive.
    /// </param>
    /// <returns>(N, C, …spatial).</returns>
    /// <exception cref="ArgumentException">There is no such axis, or no group.</exception>
    public FeatureMap AxialShift(int axis, long parts) => Apply(new AxialShift(axis, parts), this);
}

/// <summary>Groups of channels moved along a spatial axis, with zeros behind them.</summary>
internal sealed class AxialShift(int axis, long parts) : Operation
{
    /// <summary>The spatial axis; 0 is the first.</summary>
    public int Axis => axis;

    /// <summary>The groups: the first channel, how many there are, and by how much they move.</summary>
    public IEnumerable<(long Start, long Count, long Shift)> Groups(long channels)
    {
        var width = (channels + parts - 1) / parts;
        for (var group = 0L; group * width < channels; group++) yield return (group * width, Math.Min(width, channels - (group * width)), group - (parts / 2));
    }

    public override Tensor Run(Tensor[] x)
    {
        using var scope = NewDisposeScope();
        var side = x[0].shape[axis + 2];
        var groups = Groups(x[0].shape[1]).ToArray();
        var channels = x[0].split(Array.ConvertAll(groups, group => group.Count), 1);
        return cat([.. channels.Zip(groups, (group, at) => Moved(group, Math.Clamp(at.Shift, -side, side)))], dim: 1).MoveToOuterDisposeScope();
    }

    // Negative padding cuts off. torch lists the last axis first.
    private Tensor Moved(Tensor group, long shift)
    {
        if (shift == 0) return group;
        var ends = new long[2 * (group.dim() - 2)];
        var last = ends.Length - 2 - (2 * axis);
        (ends[last], ends[last + 1]) = (shift, -shift);
        return functional.pad(group, ends, PaddingModes.Constant, 0);
    }

    public override long[] Shape(long[][] x)
    {
        if (x[0].Length is not (4 or 5) || axis < 0 || axis >= x[0].Length - 2)
            throw new ArgumentException($"The map {x[0].Print()} has no spatial axis {axis} to be shifted along. Allowed: 0 to {Math.Max(0, x[0].Length - 3)}.");
        return parts >= 1 ? x[0] : throw new ArgumentException($"A shift needs 1 group of channels or more, got {parts}.");
    }

    // The moved groups, before they are joined.
    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None with { PassingBytes = mode.BytesPerNumber * y.Elements() };

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y)
    {
        var shifts = Groups(x[0][1]).Select(group => group.Shift).ToArray();
        return fields[0]?.Gather(y[2..], along => along == axis ? shifts.Length : 1, (along, position, tap) => along == axis ? position - shifts[tap] : position);
    }
}
