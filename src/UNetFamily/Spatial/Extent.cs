namespace UNetFamily;

/// <summary>
/// One whole number per spatial axis, such as a kernel, a stride or a padding. A single number stands for all axes, so
/// <c>3</c>, <c>(3, 3)</c> and <c>(1, 3, 3)</c> are extents; the order is that of the tensor: (H, W) or (D, H, W).
/// </summary>
public readonly record struct Extent
{
    private readonly long first;
    private readonly long second;
    private readonly long third;

    private Extent(int axes, long first, long second = 0, long third = 0) => (Axes, this.first, this.second, this.third) = (axes, first, second, third);

    /// <summary>How many axes were given: 1 (stands for all), 2 or 3.</summary>
    public int Axes { get; }

    /// <summary>The same number on all axes.</summary>
    /// <param name="all">The number.</param>
    public static implicit operator Extent(long all) => new(1, all);

    /// <summary>The same number on all axes.</summary>
    /// <param name="all">The number.</param>
    public static implicit operator Extent(int all) => new(1, all);

    /// <summary>(H, W).</summary>
    /// <param name="axes">One number for each axis of an image.</param>
    public static implicit operator Extent((long Height, long Width) axes) => new(2, axes.Height, axes.Width);

    /// <summary>(D, H, W).</summary>
    /// <param name="axes">One number for each axis of a volume.</param>
    public static implicit operator Extent((long Depth, long Height, long Width) axes) => new(3, axes.Depth, axes.Height, axes.Width);

    /// <summary>An extent from one, two or three numbers in the tensor's order of axes.</summary>
    /// <param name="axes">The numbers: 1 to 3 of them.</param>
    /// <exception cref="ArgumentException">There are none, or more than three.</exception>
    public static Extent Of(params ReadOnlySpan<long> axes) => axes switch
    {
        [var all] => new(1, all),
        [var height, var width] => new(2, height, width),
        [var depth, var height, var width] => new(3, depth, height, width),
        _ => throw new ArgumentException($"An extent has 1 to 3 numbers, got {axes.Length}.", nameof(axes)),
    };

    /// <summary>The numbers for a network of this rank, one per axis.</summary>
    /// <param name="dims">The rank of the network.</param>
    /// <returns>2 numbers (H, W) or 3 numbers (D, H, W).</returns>
    /// <exception cref="ArgumentException">The extent was given for another number of axes.</exception>
    public long[] Along(SpatialDims dims) => (Axes, dims) switch
    {
        (1, SpatialDims.Two) => [first, first],
        (1, SpatialDims.Three) => [first, first, first],
        (2, SpatialDims.Two) => [first, second],
        (3, SpatialDims.Three) => [first, second, third],
        _ => throw new ArgumentException($"{this} has {Axes} axes, the network has {(int)dims}.", nameof(dims)),
    };

    /// <summary>Whether the extent can be used in a network of this rank.</summary>
    /// <param name="dims">The rank of the network.</param>
    public bool Fits(SpatialDims dims) => Axes == 1 || Axes == (int)dims;

    /// <summary>The extent with every number replaced.</summary>
    /// <param name="change">Gives the new number for an old one.</param>
    public Extent Select(Func<long, long> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Axes switch
        {
            1 => new(1, change(first)),
            2 => new(2, change(first), change(second)),
            3 => new(3, change(first), change(second), change(third)),
            _ => this,
        };
    }

    /// <summary>Whether every number satisfies a condition.</summary>
    /// <param name="condition">The condition.</param>
    public bool All(Func<long, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return Axes >= 1 && condition(first) && (Axes < 2 || condition(second)) && (Axes < 3 || condition(third));
    }

    /// <summary>Whether every number is odd and positive: a kernel that has a centre, and keeps the size when it is padded by its half.</summary>
    internal bool IsOdd => All(side => side > 0 && side % 2 == 1);

    /// <summary>The extent itself as an odd kernel.</summary>
    /// <exception cref="ArgumentException">It isn't odd.</exception>
    internal Extent OddKernel(string parameter) =>
        IsOdd ? this : throw new ArgumentException($"The kernel must be odd and positive on every axis, is {this}. Nearest: {Select(side => side < 1 ? 1 : side + 1 - side % 2)}.", parameter);

    /// <summary><c>3</c>, <c>(3, 3)</c> or <c>(1, 3, 3)</c>.</summary>
    public override string ToString() => Axes switch
    {
        1 => Text($"{first}"),
        2 => Text($"({first}, {second})"),
        3 => Text($"({first}, {second}, {third})"),
        _ => "(unset)",
    };

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
