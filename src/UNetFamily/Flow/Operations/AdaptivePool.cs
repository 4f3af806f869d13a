namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Means over equal parts of the map, however large it is: with 1 the mean of each channel, as in squeeze-and-excitation.</summary>
    /// <param name="sides">The new sides. Parts overlap by a position where a side is no multiple of its new one.</param>
    /// <returns>(N, C, …sides).</returns>
    public FeatureMap AdaptiveAvgPool(Extent sides) => Apply(new AdaptivePool(Factors(sides), isMax: false), this);

    /// <summary>The largest numbers of equal parts of the map, however large it is: with 1 the maximum of each channel.</summary>
    /// <param name="sides">The new sides. Parts overlap by a position where a side is no multiple of its new one.</param>
    /// <returns>(N, C, …sides).</returns>
    public FeatureMap AdaptiveMaxPool(Extent sides) => Apply(new AdaptivePool(Factors(sides), isMax: true), this);
}

/// <summary>Means or maxima over equal parts of a map: position i of s comes from those from i * side / s, rounded down, to (i + 1) * side / s, rounded up.</summary>
/// <param name="sides">The new sides.</param>
/// <param name="isMax">Whether maxima, else means.</param>
/// <param name="layer">The layer whose operation it is; none for a method of a map.</param>
internal sealed class AdaptivePool(long[] sides, bool isMax, Module<Tensor, Tensor>? layer = null) : Operation
{
    public override string Name => isMax ? "AdaptiveMaxPool" : "AdaptiveAvgPool";

    public override nn.Module? Layer => layer;

    /// <summary>Whether maxima are taken, else means.</summary>
    public bool IsMax => isMax;

    /// <summary>The new sides.</summary>
    public IReadOnlyList<long> Sides => sides;

    public override Tensor Run(Tensor[] x) => layer is not null ? layer.call(x[0]) : (isMax, sides.Length) switch
    {
        (false, 2) => functional.adaptive_avg_pool2d(x[0], sides),
        (false, _) => functional.adaptive_avg_pool3d(x[0], sides),
        (true, 2) => functional.adaptive_max_pool2d(x[0], sides),
        (true, _) => VolumeMaxima.AdaptivePool(x[0], sides),
    };

    public override long[] Shape(long[][] x)
    {
        if (x[0].Length != sides.Length + 2) throw new ArgumentException($"{Name} to {string.Join(" x ", sides)} takes {sides.Length + 2} axes, (N, C, …spatial); the map is {x[0].Print()}.");
        if (sides.Any(side => side < 1) || x[0].Elements() == 0) throw new ArgumentException($"{Name} to {string.Join(" x ", sides)} leaves nothing of the map {x[0].Print()}.");
        return x[0].WithSides((axis, _) => sides[axis]);
    }

    // Maxima note their places, in 8 bytes. A single mean is computed by a kernel that needs nothing but the number of positions.
    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) =>
        isMax ? MemoryUse.KeepsFirst with { KeptBytes = sizeof(long) * y.Elements(), PassingBytes = mode.Training ? 0 : sizeof(long) * y.Elements() }
        : Array.TrueForAll(sides, side => side == 1) ? MemoryUse.None
        : MemoryUse.KeepsFirst;

    // The parts grow with the image.
    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0]?.Gather(y[2..], axis => Ceiling(x[0][axis + 2], sides[axis]) + 1, (axis, position, tap) =>
    {
        var side = x[0][axis + 2];
        var place = position * side / sides[axis] + tap;
        return place < Ceiling((position + 1) * side, sides[axis]) ? place : -1;
    }).AcrossTheImage();

    private static long Ceiling(long number, long divisor) => (number + divisor - 1) / divisor;
}
