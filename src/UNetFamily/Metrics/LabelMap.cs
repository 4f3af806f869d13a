namespace UNetFamily;

/// <summary>Label maps as arrays.</summary>
internal static class LabelMap
{
    /// <summary>The common shape of a prediction and its labels.</summary>
    public static int[] Shape(Tensor predicted, Tensor truth)
    {
        var shape = truth.shape;
        if (shape.Length is not (2 or 3) || !predicted.shape.AsSpan().SequenceEqual(shape))
            throw new ArgumentException($"predicted and truth must both be (H, W) or (D, H, W), without an axis for the batch; they are ({string.Join(", ", predicted.shape)}) and ({string.Join(", ", shape)}).", nameof(predicted));
        return [.. shape.Select(side => (int)side)];
    }

    /// <summary>The labels in row-major order.</summary>
    public static short[] Values(Tensor labels)
    {
        using var onCpu = labels.to(ScalarType.Int16).cpu().contiguous();
        return onCpu.data<short>().ToArray();
    }

    /// <summary>The labels, which must be whole numbers from 0 to below <paramref name="classes"/>, or <paramref name="ignored"/>, which becomes -1.</summary>
    public static short[] Values(Tensor labels, int classes, long? ignored, string what)
    {
        if (labels.is_floating_point()) throw new ArgumentException($"{what} must be whole numbers; it is {labels.dtype}. Take the argmax of logits, or convert labels with to(ScalarType.Int64).", what);
        var whole = labels.to(ScalarType.Int64);
        var outside = whole.lt(0).logical_or(whole.ge(classes));
        if (ignored is { } label)
        {
            var none = whole.eq(label);
            outside = outside.logical_and(none.logical_not());
            whole = whole.masked_fill(none, -1);
        }
        if (outside.any().ToBoolean())
            throw new ArgumentException($"{what} must be 0 to {classes - 1}; it is {Choice.Text(labels.to(ScalarType.Int64).min().ToInt64())} to {Choice.Text(labels.to(ScalarType.Int64).max().ToInt64())}.", what);
        return Values(whole);
    }
}
