namespace UNetFamily;

/// <summary>
/// How the maps of a depthwise convolution lie in memory while it is computed: a large one (what a convolution takes, what a transposed one gives) and a small one. The large map is padded and
/// taken apart by the remainders of its positions by the stride. Then every tap of the kernel meets the small map at one distance, whatever the stride, and rows need no ends of their own.
/// </summary>
internal sealed class DepthwiseGrid
{
    private readonly int[] stride, dilation;

    /// <summary>Lays out the maps.</summary>
    /// <param name="kernel">The sides of the kernel (D, H, W); images have a depth of 1.</param>
    /// <param name="stride">The strides.</param>
    /// <param name="dilation">The distances of taps.</param>
    /// <param name="padding">The padding before each axis of the large map.</param>
    /// <param name="sources">For each axis of the padded large map, which position of the map stands at each of its own; -1 where there is zero.</param>
    /// <param name="large">The sides of the large map.</param>
    /// <param name="small">The sides of the small map.</param>
    public DepthwiseGrid(int[] kernel, int[] stride, int[] dilation, int[] padding, int[][] sources, int[] large, int[] small)
    {
        (this.stride, this.dilation, Large, Small) = (stride, dilation, large, small);
        Part = PerAxis(axis => DivideUp(Math.Max(sources[axis].Length, ((small[axis] - 1) * stride[axis]) + (dilation[axis] * (kernel[axis] - 1)) + 1), stride[axis]));
        Margin = PerAxis(axis => dilation[axis] * (kernel[axis] - 1) / stride[axis]);
        Padded = PerAxis(axis => Margin[axis] + Part[axis]);
        Parts = [.. from z in Enumerable.Range(0, stride[0]) from y in Enumerable.Range(0, stride[1]) from x in Enumerable.Range(0, stride[2]) select new[] { Line(0, z), Line(1, y), Line(2, x) }];
        Repeats = Parts.Any(axes => axes.Any(line => line.Sources.Index().Any(place => place.Item >= 0 && (place.Index < line.First || place.Index >= line.End))));
        Taps = [.. from z in Enumerable.Range(0, kernel[0]) from y in Enumerable.Range(0, kernel[1]) from x in Enumerable.Range(0, kernel[2]) select TapAt([z, y, x])];

        DepthwiseLine Line(int axis, int remainder)
        {
            var (first, end) = (DivideUp(padding[axis] - remainder, stride[axis]), DivideUp(padding[axis] + large[axis] - remainder, stride[axis]));
            int[] positions = [.. Enumerable.Range(0, Part[axis]).Select(index => (index * stride[axis]) + remainder).Select(position => position < sources[axis].Length ? sources[axis][position] : -1)];
            return new(positions, first, end, stride[axis]);
        }
    }

    /// <summary>The sides of the large map.</summary>
    public int[] Large { get; }

    /// <summary>The sides of the small map.</summary>
    public int[] Small { get; }

    /// <summary>The sides of each part of the padded large map.</summary>
    public int[] Part { get; }

    /// <summary>The parts, each with its three axes.</summary>
    public DepthwiseLine[][] Parts { get; }

    /// <summary>Whether the padding repeats positions of the map, instead of being zero.</summary>
    public bool Repeats { get; }

    /// <summary>The sides of the small map with a margin before it and zeros behind it, so that every position of a part reaches something.</summary>
    public int[] Padded { get; }

    /// <summary>The margin before the padded small map.</summary>
    public int[] Margin { get; }

    /// <summary>The taps of the kernel, in its order.</summary>
    public DepthwiseTap[] Taps { get; }

    /// <summary>Values for the axes of a volume; images are volumes of one slice.</summary>
    /// <param name="axes">Values for two axes or three.</param>
    /// <param name="slice">The value for the axis that images lack.</param>
    public static T[] InVolume<T>(T[] axes, T slice) => axes.Length == 2 ? [slice, .. axes] : axes;

    /// <summary>Numbers of each axis, for a volume; images are volumes of one slice.</summary>
    /// <param name="axes">Numbers for two axes or three.</param>
    /// <param name="slice">The number for the axis that images lack.</param>
    public static int[] InVolume(ReadOnlySpan<long> axes, int slice) => InVolume(Array.ConvertAll(axes.ToArray(), number => (int)number), slice);

    private DepthwiseTap TapAt(int[] place)
    {
        var reach = PerAxis(axis => place[axis] * dilation[axis]);
        var part = (((reach[0] % stride[0] * stride[1]) + (reach[1] % stride[1])) * stride[2]) + (reach[2] % stride[2]);
        var shift = PerAxis(axis => reach[axis] / stride[axis]);
        return new(part, (part * Part[0] * Part[1] * Part[2]) + Index(shift, Part), Index(PerAxis(axis => Margin[axis] - shift[axis]), Padded));
    }

    private static int Index(int[] place, int[] sides) => (((place[0] * sides[1]) + place[1]) * sides[2]) + place[2];

    private static int[] PerAxis(Func<int, int> value) => [value(0), value(1), value(2)];

    private static int DivideUp(int number, int by) => number <= 0 ? 0 : ((number - 1) / by) + 1;
}

/// <summary>An axis of a part.</summary>
/// <param name="Sources">Which position of the large map stands at each of its own; -1 where there is zero.</param>
/// <param name="First">The first of its positions that isn't padding.</param>
/// <param name="End">The one behind the last that isn't padding.</param>
/// <param name="Step">The distance of neighbours in the large map, outside of the padding.</param>
internal sealed record DepthwiseLine(int[] Sources, int First, int End, int Step);

/// <summary>A tap of a depthwise convolution.</summary>
/// <param name="Part">The part of the large map that it sees.</param>
/// <param name="FromSmall">From a position of the small map, counted in rows of a part: where the number that it weighs lies among the parts.</param>
/// <param name="FromLarge">From a position of its part, counted in rows of the padded small map: where the number that it weighs lies in that.</param>
internal readonly record struct DepthwiseTap(int Part, int FromSmall, int FromLarge);
