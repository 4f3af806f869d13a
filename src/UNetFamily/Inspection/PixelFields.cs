namespace UNetFamily;

/// <summary>
/// For each position of a map, the pixels of the image that it is computed from: on each axis from a first to a last one. Every layer works on the axes separately, so two
/// numbers for each position of each axis describe the boxes of all positions, also at borders and where positions differ, as behind transposed convolutions.
/// </summary>
internal sealed class PixelFields
{
    private static readonly (int First, int Last) Nothing = (int.MaxValue, int.MinValue);

    private readonly (int First, int Last)[][] axes;

    private PixelFields((int First, int Last)[][] axes, bool isGlobal = false) => (this.axes, IsGlobal) = (axes, isGlobal);

    /// <summary>Whether some layer on the way saw all positions at once.</summary>
    public bool IsGlobal { get; }

    /// <summary>The image itself: each pixel comes from itself.</summary>
    public static PixelFields Image(IEnumerable<long> sides) => new([.. sides.Select(side => Enumerable.Range(0, checked((int)side)).Select(i => (i, i)).ToArray())]);

    /// <summary>The pixels that a position comes from on an axis; none when First is over Last, as in padding.</summary>
    public (int First, int Last) At(int axis, long position) => axes[axis][position];

    /// <summary>The most pixels that any position of an axis spans.</summary>
    public long Largest(int axis) => axes[axis].Max(field => Math.Max(0L, (long)field.Last - field.First + 1));

    /// <summary>A map whose positions gather some of this one's.</summary>
    /// <param name="sides">The sides of the new map.</param>
    /// <param name="taps">How many positions one gathers at most, by axis.</param>
    /// <param name="source">(axis, position, tap) → the position here; outside this map it is nothing.</param>
    public PixelFields Gather(IReadOnlyList<long> sides, Func<int, long> taps, Func<int, long, long, long> source) => new([.. axes.Select((fields, axis) =>
    {
        var gathered = new (int First, int Last)[sides[axis]];
        var count = taps(axis);
        for (var position = 0L; position < gathered.Length; position++)
        {
            var field = Nothing;
            for (var tap = 0L; tap < count; tap++)
            {
                var from = source(axis, position, tap);
                if (from >= 0 && from < fields.Length) field = Hull(field, fields[from]);
            }
            gathered[position] = field;
        }
        return gathered;
    })], IsGlobal);

    /// <summary>Values repeated, or left out.</summary>
    public PixelFields Nearest(IReadOnlyList<long> sides) => Gather(sides, _ => 1, (axis, position, _) => position * axes[axis].Length / sides[axis]);

    /// <summary>Positions added in front, or cut off there where the number is negative.</summary>
    public PixelFields Shifted(IReadOnlyList<long> sides, Func<int, long> before) => Gather(sides, _ => 1, (axis, position, _) => position - before(axis));

    /// <summary>Linear interpolation between two neighbours.</summary>
    public PixelFields Linear(IReadOnlyList<long> sides, bool alignCorners) => Gather(sides, _ => 2, (axis, position, tap) =>
    {
        // The source is numerator / denominator; a whole number needs no neighbour.
        long old = axes[axis].Length, side = sides[axis];
        var (numerator, denominator) = alignCorners ? (position * (old - 1), Math.Max(1, side - 1)) : (Math.Max(0, (2 * position + 1) * old - side), 2 * side);
        var (below, rest) = Math.DivRem(numerator, denominator);
        return tap == 0 ? below : rest > 0 ? below + 1 : -1;
    });

    /// <summary>The same boxes, which grow with the image.</summary>
    public PixelFields AcrossTheImage() => new(axes, isGlobal: true);

    /// <summary>Every position comes from all.</summary>
    public PixelFields Global() => new([.. axes.Select(fields => Enumerable.Repeat(fields.Aggregate(Nothing, Hull), fields.Length).ToArray())], isGlobal: true);

    /// <summary>Positions of maps that are joined: each box covers those of all. What has no fields, as a weight, adds nothing; a side of 1 is repeated.</summary>
    public static PixelFields? Joined(IEnumerable<PixelFields?> maps) => maps.OfType<PixelFields>().Aggregate((PixelFields?)null, (joined, map) => joined?.With(map) ?? map);

    private PixelFields With(PixelFields other) =>
        new([.. axes.Zip(other.axes, (mine, theirs) => Enumerable.Range(0, Math.Max(mine.Length, theirs.Length)).Select(i => Hull(At(mine, i), At(theirs, i))).ToArray())], IsGlobal || other.IsGlobal);

    private static (int First, int Last) At((int First, int Last)[] fields, int position) => fields[Math.Min(position, fields.Length - 1)];

    private static (int First, int Last) Hull((int First, int Last) a, (int First, int Last) b) => (Math.Min(a.First, b.First), Math.Max(a.Last, b.Last));
}
