namespace UNetFamily;

/// <summary>Arithmetic on shapes, batch first.</summary>
internal static class Axes
{
    /// <summary>The product of all sides.</summary>
    public static long Elements(this long[] shape)
    {
        var product = 1L;
        foreach (var side in shape) product = checked(product * side);
        return product;
    }

    /// <summary>The positions of a map: the product of the sides after the channels.</summary>
    public static long Positions(this long[] shape)
    {
        var product = 1L;
        foreach (var side in shape.AsSpan(2)) product = checked(product * side);
        return product;
    }

    /// <summary>The same batch and channels with other sides.</summary>
    public static long[] WithSides(this long[] shape, Func<int, long, long> side, long? channels = null)
    {
        var changed = (long[])shape.Clone();
        if (channels is { } number) changed[1] = number;
        for (var axis = 2; axis < changed.Length; axis++) changed[axis] = side(axis - 2, shape[axis]);
        return changed;
    }

    /// <summary>The shape that two operands of arithmetic give: equal sides, or 1 against any; missing axes in front count as 1.</summary>
    /// <exception cref="ArgumentException">Two sides differ.</exception>
    public static long[] Broadcast(this long[] a, long[] b, string name)
    {
        if (a.AsSpan().SequenceEqual(b)) return a;
        var (longer, shorter) = a.Length >= b.Length ? (a, b) : (b, a);
        var result = (long[])longer.Clone();
        var offset = longer.Length - shorter.Length;
        for (var axis = 0; axis < shorter.Length; axis++)
        {
            if (shorter[axis] == 1 || shorter[axis] == longer[offset + axis]) continue;
            if (longer[offset + axis] != 1) throw new ArgumentException($"{name} takes maps of one shape, got {a.Print()} and {b.Print()}.");
            result[offset + axis] = shorter[axis];
        }
        return result;
    }

    /// <summary>An axis counted from the front; -1 is the last.</summary>
    public static int FromFront(this long[] shape, int axis) => axis < 0 ? shape.Length + axis : axis;

    /// <summary><c>(2, 64, 128, 128)</c>.</summary>
    public static string Print(this long[] shape) => $"({string.Join(", ", shape)})";
}
