namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Zeros around the map.</summary>
    /// <param name="ends">How many in front and behind, for a spatial axis (0 is the first).</param>
    /// <returns>(N, C, …larger spatial).</returns>
    public FeatureMap Pad(Func<int, (long Before, long Behind)> ends)
    {
        ArgumentNullException.ThrowIfNull(ends);
        return Apply(new Pad([.. Enumerable.Range(0, Axes.Length - 2).Select(ends)]), this);
    }

    /// <summary>Zeros around the map until it has the size of another, half of the difference in front (rounded down) and the rest behind.</summary>
    /// <param name="target">A map that is no smaller on any axis.</param>
    /// <returns>(N, C, …spatial of the target).</returns>
    public FeatureMap PadTo(FeatureMap target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var (from, to) = (Axes, target.Axes);
        if (from.AsSpan(2).SequenceEqual(to.AsSpan(2))) return this;
        NoteSize();
        return Pad(axis => Missing(to[axis + 2] - from[axis + 2]));

        static (long, long) Missing(long sides) => (sides / 2, sides - (sides / 2));
    }

    /// <summary>Gives the map the size of another: an axis that is too long is cut to its centre, one that is too short is padded with zeros. It joins maps whose sizes differ by the rounding of some down-sampling.</summary>
    /// <param name="target">A map.</param>
    /// <returns>(N, C, …spatial of the target).</returns>
    public FeatureMap FitTo(FeatureMap target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var (from, to) = (Axes, target.Axes);
        return CropTo([.. from[2..].Zip(to[2..], Math.Min)]).PadTo(target);
    }
}

/// <summary>Zeros around a map.</summary>
internal sealed class Pad((long Before, long Behind)[] ends) : Operation
{
    /// <summary>How many in front and behind, for each spatial axis.</summary>
    public IReadOnlyList<(long Before, long Behind)> Ends => ends;

    // torch lists the last axis first
    public override Tensor Run(Tensor[] x) => functional.pad(x[0], [.. ends.Reverse().SelectMany(end => new[] { end.Before, end.Behind })], PaddingModes.Constant, 0);

    public override long[] Shape(long[][] x)
    {
        foreach (var (before, behind) in ends)
            if (before < 0 || behind < 0) throw new ArgumentException($"A map is padded with no less than nothing; {x[0].Print()} should get {string.Join(", ", ends)}.");
        return x[0].WithSides((axis, side) => side + ends[axis].Before + ends[axis].Behind);
    }

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override bool TakesChannelsLast => true;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0]?.Shifted(y[2..], axis => ends[axis].Before);
}
