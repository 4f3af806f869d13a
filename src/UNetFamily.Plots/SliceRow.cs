namespace UNetFamily;

/// <summary>A row of a <see cref="SliceSheet"/>.</summary>
/// <param name="Caption">What stands beside it, such as the number of the slice; may have several lines.</param>
/// <param name="Views">A view for each column.</param>
public sealed record SliceRow(string Caption, ValueList<SliceView> Views)
{
    /// <summary>The columns of <see cref="Comparing"/>: image, truth, prediction, difference.</summary>
    public static ValueList<string> ComparedColumns { get; } = ["image", "truth", "prediction", "difference"];

    /// <summary>A slice as it is, with its true classes, with the predicted ones, and with what differs between the two.</summary>
    /// <param name="caption">What stands beside it.</param>
    /// <param name="slice">The slice.</param>
    /// <param name="truth">The true class of each pixel.</param>
    /// <param name="prediction">The predicted class of each pixel.</param>
    public static SliceRow Comparing(string caption, SliceView slice, ReadOnlyMemory<byte> truth, ReadOnlyMemory<byte> prediction)
    {
        ArgumentNullException.ThrowIfNull(slice);
        var plain = slice with { Labels = default, Truth = default };
        return new(caption, [plain, plain with { Labels = truth }, plain with { Labels = prediction }, plain with { Labels = prediction, Truth = truth }]);
    }
}
