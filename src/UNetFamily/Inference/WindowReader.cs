namespace UNetFamily;

/// <summary>Reads windows of an image into a tensor, and fills what lies outside the image.</summary>
/// <param name="image">The image.</param>
/// <param name="roi">The sides of a window.</param>
/// <param name="margin">By how much a window is larger at each end than what the network gives for it.</param>
/// <param name="mode">What to fill with.</param>
/// <param name="cval">The value for <see cref="PaddingModes.Constant"/>.</param>
/// <param name="type">The type in which the network takes windows.</param>
/// <param name="name">What messages call the image.</param>
internal sealed class WindowReader(IImageSource image, long[] roi, long[] margin, PaddingModes mode, double cval, ScalarType type, string name)
{
    /// <summary>Reads the window around the part of the output that starts at <paramref name="start"/>.</summary>
    /// <param name="start">A place on each axis; negative where the window begins before the image.</param>
    /// <param name="window">(C, …roi).</param>
    /// <exception cref="ArgumentException">A number of the image is not finite, or not in the type of the network.</exception>
    public void Read(ReadOnlySpan<long> start, Tensor window)
    {
        using var scope = NewDisposeScope();
        var (first, before, length) = (new long[roi.Length], new long[roi.Length], new long[roi.Length]);
        var box = window;
        for (var axis = 0; axis < roi.Length; axis++)
        {
            var from = start[axis] - margin[axis];
            first[axis] = Math.Max(from, 0);
            before[axis] = first[axis] - from;
            length[axis] = Math.Min(from + roi[axis], image.Shape[axis + 1]) - first[axis];
            box = box.narrow(axis + 1, before[axis], length[axis]);
        }
        image.Read(first, box);
        RequireFinite(first, box);

        // An axis after the other, so that corners follow from sides.
        for (var axis = 0; axis < roi.Length; axis++)
        {
            var after = roi[axis] - before[axis] - length[axis];
            if (before[axis] > 0) Fill(window, axis, at: 0, before[axis], before[axis], length[axis], atEnd: false);
            if (after > 0) Fill(window, axis, at: roi[axis] - after, after, before[axis], length[axis], atEnd: true);
        }
    }

    /// <summary>One number that is none makes all logits around it none, with instance norm those of the whole window, and their argmax a plausible 0.</summary>
    private void RequireFinite(long[] first, Tensor box)
    {
        using var lowered = type is ScalarType.Float16 ? box.to(type) : null;
        if (NonFinite.FirstIn(lowered ?? box) is not { } place) return;
        var value = NonFinite.At(box, place);
        for (var axis = 0; axis < first.Length; axis++) place[axis + 1] += first[axis];
        throw double.IsFinite(value)
            ? new ArgumentException($"{name}: channel {place[0]} at ({string.Join(", ", place.Skip(1))}) is {value}, and the network computes in Float16, which ends at 65504. Normalize the image, or convert the network to Float32 or BFloat16.")
            : NotFinite(name, place, value);
    }

    /// <summary>Throws when a mode can't fill so many places from those that there are.</summary>
    public static void RequireReach(PaddingModes mode, int axis, long count, long length, long roi)
    {
        var most = mode is PaddingModes.Reflect ? length - 1 : mode is PaddingModes.Circular ? length : count;
        if (count > most)
            throw new ArgumentException($"PaddingMode {mode} can add at most {most} to {length} places of axis {axis}; a window of {roi} needs {count}. Use {PaddingModes.Replicate} or {PaddingModes.Constant}, or a smaller RoiSize.");
    }

    /// <summary>What says where an image isn't finite.</summary>
    public static ArgumentException NotFinite(string name, IReadOnlyList<long> place, double value) =>
        new($"{name}: every number must be finite; channel {place[0]} at ({string.Join(", ", place.Skip(1))}) is {value}.");

    /// <summary>Fills <paramref name="count"/> places from <paramref name="at"/>; the image has those from <paramref name="begin"/>.</summary>
    private void Fill(Tensor window, int axis, long at, long count, long begin, long length, bool atEnd)
    {
        var outside = window.narrow(axis + 1, at, count);
        if (mode is PaddingModes.Constant)
        {
            outside.fill_(cval);
            return;
        }

        RequireReach(mode, axis, count, length, roi[axis]);
        var end = begin + length;
        outside.copy_(mode switch
        {
            PaddingModes.Reflect => window.narrow(axis + 1, atEnd ? end - 1 - count : begin + 1, count).flip(axis + 1),
            PaddingModes.Circular => window.narrow(axis + 1, atEnd ? begin : end - count, count),
            _ => window.narrow(axis + 1, atEnd ? end - 1 : begin, 1),
        });
    }
}
