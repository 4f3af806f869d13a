namespace UNetFamily;

/// <summary>
/// How the maps of a depthwise convolution lie in memory while it is computed: a large one (what a convolution takes, what a transposed one gives) and a small one. The large map is padded and
/// taken apart by the remainders of its positions by the stride. Then every tap of the kernel meets the small map at one distance, whatever the stride, and rows need no ends of their own.
/// </summary>
internal sealed class DepthwiseGrid
{
    private readonly int[] kernel, stride, padding, dilation;

    /// <summary>Lays out the maps.</summary>
    /// <param name="kernel">The sides of the kernel (D, H, W); images have a depth of 1.</param>
    /// <param name="stride">The strides.</param>
    /// <param name="padding">The padding of each end.</param>
    /// <param name="dilation">The distances of taps.</param>
    /// <param name="large">The sides of the large map.</param>
    /// <param name="small">The sides of the small map.</param>
    public DepthwiseGrid(int[] kernel, int[] stride, int[] padding, int[] dilation, int[] large, int[] small)
    {
        (this.kernel, this.stride, this.padding, this.dilation, Large, Small) = (kernel, stride, padding, dilation, large, small);
        Part = PerAxis(axis => DivideUp(Math.Max(large[axis] + (2 * padding[axis]), ((small[axis] - 1) * stride[axis]) + (dilation[axis] * (kernel[axis] - 1)) + 1), stride[axis]));
        Margin = PerAxis(axis => dilation[axis] * (kernel[axis] - 1) / stride[axis]);
        Padded = PerAxis(axis => Margin[axis] + Part[axis]);
        Parts = stride[0] * stride[1] * stride[2];
        Taps = [.. from z in Enumerable.Range(0, kernel[0]) from y in Enumerable.Range(0, kernel[1]) from x in Enumerable.Range(0, kernel[2]) select TapAt([z, y, x])];
    }

    /// <summary>The sides of the large map.</summary>
    public int[] Large { get; }

    /// <summary>The sides of the small map.</summary>
    public int[] Small { get; }

    /// <summary>The sides of each part of the padded large map.</summary>
    public int[] Part { get; }

    /// <summary>How many parts there are.</summary>
    public int Parts { get; }

    /// <summary>The sides of the small map with a margin before it and zeros behind it, so that every position of a part reaches something.</summary>
    public int[] Padded { get; }

    /// <summary>The margin before the padded small map.</summary>
    public int[] Margin { get; }

    /// <summary>The taps of the kernel, in its order.</summary>
    public DepthwiseTap[] Taps { get; }

    /// <summary>The part's first position in the large map, which may lie in the padding, before 0.</summary>
    public int[] Start(int part) => [(part / (stride[1] * stride[2])) - padding[0], (part / stride[2] % stride[1]) - padding[1], (part % stride[2]) - padding[2]];

    /// <summary>Which positions of a part, along an axis, are positions of the large map.</summary>
    /// <returns>The first, and the one behind the last.</returns>
    public (int First, int End) Inside(int part, int axis)
    {
        var start = Start(part)[axis];
        return (start >= 0 ? 0 : DivideUp(-start, stride[axis]), Math.Clamp(DivideUp(Large[axis] - start, stride[axis]), 0, Part[axis]));
    }

    /// <summary>The distance of neighbours of a part in the large map.</summary>
    public int Step(int axis) => stride[axis];

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

/// <summary>A tap of a depthwise convolution.</summary>
/// <param name="Part">The part of the large map that it sees.</param>
/// <param name="FromSmall">From a position of the small map, counted in rows of a part: where the number that it weighs lies among the parts.</param>
/// <param name="FromLarge">From a position of its part, counted in rows of the padded small map: where the number that it weighs lies in that.</param>
internal readonly record struct DepthwiseTap(int Part, int FromSmall, int FromLarge);
