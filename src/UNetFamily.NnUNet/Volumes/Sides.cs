namespace UNetFamily.NnUNet;

/// <summary>The sides of a volume, and where its places lie in an array: the last axis runs fastest.</summary>
internal static class Sides
{
    /// <summary>How many places there are.</summary>
    /// <exception cref="ArgumentException">There are not three sides of 1 or more, or more places than an array can have.</exception>
    public static int Count(ReadOnlySpan<int> sides)
    {
        if (sides.Length != 3 || sides.IndexOfAnyExceptInRange(1, int.MaxValue) >= 0) throw new ArgumentException($"A volume has three sides of 1 or more; these are ({string.Join(", ", sides.ToArray())}). An image has 1 in front.");
        var count = (Int128)sides[0] * sides[1] * sides[2];
        return count <= Array.MaxLength ? (int)count : throw new ArgumentException($"A volume of ({string.Join(", ", sides.ToArray())}) has {count} places; {Array.MaxLength} are the most.");
    }

    /// <summary>Copies a volume with its axes in another order.</summary>
    /// <param name="values">The volume.</param>
    /// <param name="sides">Its sides.</param>
    /// <param name="order">For each axis of the copy the axis of the volume.</param>
    /// <returns>The copy, or the volume itself where the order is as it was.</returns>
    public static T[] Transposed<T>(T[] values, int[] sides, IReadOnlyList<int> order)
    {
        if (order is [0, 1, 2]) return values;
        int[] steps = [sides[1] * sides[2], sides[2], 1];
        var to = Of(sides, order);
        var result = new T[values.Length];
        Parallel.For(0, to[0], first =>
        {
            for (var second = 0; second < to[1]; second++)
            {
                var (from, at, step) = (first * steps[order[0]] + second * steps[order[1]], (first * to[1] + second) * to[2], steps[order[2]]);
                for (var third = 0; third < to[2]; third++, from += step) result[at + third] = values[from];
            }
        });
        return result;
    }

    /// <summary>Three numbers in another order.</summary>
    public static T[] Of<T>(IReadOnlyList<T> values, IReadOnlyList<int> order) => [.. order.Select(axis => values[axis])];
}
