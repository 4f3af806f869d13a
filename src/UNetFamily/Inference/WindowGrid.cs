namespace UNetFamily;

/// <summary>
/// Where the windows of an image lie. The places are those of MONAI (<c>sliding_window_inference</c> with <c>_get_scan_interval</c> and <c>dense_patch_slices</c>, read at d388d1c6): steps of
/// <c>int(window * (1 - overlap))</c>, at least 1, and the last window is shifted back to the edge. An image that is smaller than the window lies in its middle, the odd place behind.
/// </summary>
internal sealed class WindowGrid
{
    private readonly long[][] starts;

    /// <param name="image">The sides of the image.</param>
    /// <param name="window">The sides of what the network gives for a window.</param>
    /// <param name="overlap">The overlap on each axis, or one for all.</param>
    public WindowGrid(long[] image, long[] window, ValueList<double> overlap)
    {
        (Image, Window) = (image, window);
        starts = [.. image.Select((side, axis) => Starts(side, window[axis], overlap[overlap.Count == 1 ? 0 : axis]))];
        Count = starts.Aggregate(1L, (product, axis) => checked(product * axis.Length));
        CountPerRow = Count / starts[0].Length;
    }

    public long[] Image { get; }

    public long[] Window { get; }

    /// <summary>How many windows there are.</summary>
    public long Count { get; }

    /// <summary>How many windows start at the same place of the first axis.</summary>
    public long CountPerRow { get; }

    /// <summary>The places where windows start on the first axis.</summary>
    public ReadOnlySpan<long> RowStarts => starts[0];

    /// <summary>Where a window starts on each axis, in the image's coordinates: negative where the image is smaller. The last axis runs fastest.</summary>
    public long[] StartOf(long index)
    {
        var start = new long[starts.Length];
        for (var axis = start.Length - 1; axis >= 0; axis--)
        {
            index = Math.DivRem(index, starts[axis].Length, out var place);
            start[axis] = starts[axis][place];
        }
        return start;
    }

    /// <summary>The part of a window that lies inside the image on one axis.</summary>
    /// <returns>Where it begins in the window, where in the image, and its length.</returns>
    public (long InWindow, long InImage, long Length) Inside(int axis, long start)
    {
        var first = Math.Max(start, 0);
        return (first - start, first, Math.Min(start + Window[axis], Image[axis]) - first);
    }

    /// <summary>Where windows start on one axis.</summary>
    public static long[] Starts(long image, long window, double overlap)
    {
        if (image <= window) return [-((window - image) / 2)];
        var step = Math.Max((long)(window * (1 - overlap)), 1);
        var last = image - window;
        return [.. Enumerable.Range(0, checked((int)((last + step - 1) / step + 1))).Select(index => Math.Min(index * step, last))];
    }
}
