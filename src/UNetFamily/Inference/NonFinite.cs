namespace UNetFamily;

/// <summary>Finds numbers that are infinite or none.</summary>
internal static class NonFinite
{
    /// <summary>The first such number of a tensor, in row-major order.</summary>
    /// <returns>Its place on each axis; null when all numbers are finite.</returns>
    public static long[]? FirstIn(Tensor numbers)
    {
        using var scope = NewDisposeScope();
        // A sum is finite only if all its terms are, and costs one pass. Where it overflows by itself, the search finds nothing.
        if (double.IsFinite(numbers.sum(numbers.dtype is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32).ToDouble())) return null;
        var found = numbers.isfinite().logical_not().flatten();
        if (!found.any().ToBoolean()) return null;

        var (index, place) = (found.to(ScalarType.Byte).argmax().ToInt64(), new long[numbers.dim()]);
        for (var axis = place.Length - 1; axis >= 0; axis--) index = Math.DivRem(index, numbers.shape[axis], out place[axis]);
        return place;
    }

    /// <summary>The number at a place.</summary>
    public static double At(Tensor numbers, ReadOnlySpan<long> place)
    {
        using var scope = NewDisposeScope();
        foreach (var index in place) numbers = numbers.select(0, index);
        return numbers.to(ScalarType.Float64).ToDouble();
    }
}
