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

    /// <summary>
    /// The axes that distances are measured along, and the spacing of each. A volume with an axis of one slice is an image: along that axis every pixel would lie at the edge and be surface.
    /// </summary>
    public static (int[] Shape, double[] Spacing) Axes(Tensor predicted, Tensor truth, IReadOnlyList<double> spacing)
    {
        var shape = Shape(predicted, truth);
        var perAxis = DistanceTransform.Spacing(spacing.Count == 0 ? null : spacing, shape.Length);
        var slice = shape.Length == 3 ? Array.IndexOf(shape, 1) : -1;
        return slice < 0 ? (shape, perAxis) : (Without(shape), Without(perAxis));

        T[] Without<T>(T[] axes) => [.. axes.Where((_, axis) => axis != slice)];
    }

    /// <summary>The labels in row-major order.</summary>
    public static short[] Values(Tensor labels)
    {
        using var onCpu = labels.to(ScalarType.Int16).cpu().contiguous();
        return onCpu.data<short>().ToArray();
    }

    /// <summary>The labels, which must be whole numbers from 0 to below <paramref name="classes"/>; -1 where <paramref name="ignored"/> (on the CPU) is true, whatever they are there.</summary>
    public static short[] Values(Tensor labels, int classes, Tensor? ignored, string what)
    {
        if (labels.is_floating_point()) throw new ArgumentException($"{what} must be whole numbers; it is {labels.dtype}. Take the argmax of logits, or convert labels with to(ScalarType.Int64).", what);
        var whole = labels.cpu().to(ScalarType.Int64);
        if (ignored is not null) whole = whole.masked_fill(ignored, 0);
        if (whole.lt(0).logical_or(whole.ge(classes)).any().ToBoolean())
            throw new ArgumentException($"{what} must be 0 to {classes - 1}{(ignored is null ? "" : " where truth is not IgnoreIndex")}; it is {Choice.Text(whole.min().ToInt64())} to {Choice.Text(whole.max().ToInt64())}.", what);
        return Values(ignored is null ? whole : whole.masked_fill(ignored, -1));
    }
}
