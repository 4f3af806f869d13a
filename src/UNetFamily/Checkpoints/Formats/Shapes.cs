using System.Globalization;

namespace UNetFamily;

/// <summary>Arithmetic on shapes that a file may have made up.</summary>
internal static class Shapes
{
    /// <summary>More axes than this no tensor has.</summary>
    public const int MaximumRank = 64;

    /// <summary>The number of elements; null when a side is negative, or the product of the sides (zeros left aside) overflows.</summary>
    public static long? Count(ReadOnlySpan<long> shape)
    {
        var (product, empty) = (1L, false);
        foreach (var side in shape)
        {
            if (side < 0 || Math.BigMul(product, Math.Max(side, 1), out product) != 0 || product < 0) return null;
            empty |= side == 0;
        }
        return empty ? 0 : product;
    }

    /// <summary>The strides of a tensor whose numbers lie side by side.</summary>
    public static long[] Contiguous(ReadOnlySpan<long> shape)
    {
        var strides = new long[shape.Length];
        for (var (axis, stride) = (shape.Length - 1, 1L); axis >= 0; stride *= Math.Max(shape[axis], 1), axis--) strides[axis] = stride;
        return strides;
    }

    /// <summary>Whether tensors of this shape and these strides lie side by side; the stride of an axis of length one says nothing.</summary>
    public static bool IsContiguous(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        var packed = Contiguous(shape);
        for (var axis = 0; axis < packed.Length; axis++)
            if (shape[axis] > 1 && strides[axis] != packed[axis]) return shape.Contains(0);
        return true;
    }

    /// <summary>The index of the last element in the storage, counted from the first.</summary>
    public static Int128 Reach(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        Int128 reach = 0;
        for (var axis = 0; axis < shape.Length; axis++) reach += (Int128)(shape[axis] - 1) * strides[axis];
        return reach;
    }

    public static string Text(IEnumerable<long> shape) => $"({string.Join(", ", shape.Select(side => side.ToString(CultureInfo.InvariantCulture)))})";
}
