namespace UNetFamily;

/// <summary>
/// All windows of all images in order, each in all its mirrored views, as batches in one buffer. A window is read once and then copied or flipped into the places of its views.
/// </summary>
internal sealed class WindowBatch
{
    private readonly WindowGrid grid;
    private readonly IReadOnlyList<WindowReader> images;
    private readonly IReadOnlyList<long[]> views;
    private readonly Tensor window;
    private readonly Tensor buffer;
    private long read = -1;

    /// <param name="grid">Where windows lie.</param>
    /// <param name="images">A reader for each image.</param>
    /// <param name="views">The axes of (C, …spatial) along which each view is mirrored; none for the first.</param>
    /// <param name="window">(C, …roi), room for a window.</param>
    /// <param name="buffer">(B, C, …roi), room for a batch, as the network takes it.</param>
    public WindowBatch(WindowGrid grid, IReadOnlyList<WindowReader> images, IReadOnlyList<long[]> views, Tensor window, Tensor buffer)
    {
        (this.grid, this.images, this.views, this.window, this.buffer) = (grid, images, views, window, buffer);
        Total = grid.Count * images.Count * views.Count;
    }

    /// <summary>How many views of windows there are.</summary>
    public long Total { get; }

    /// <summary>The views from <paramref name="first"/> on, as many as the buffer holds or are left, (B, C, …roi); valid until the next call.</summary>
    public Tensor From(long first)
    {
        var count = Math.Min(buffer.shape[0], Total - first);
        using var scope = NewDisposeScope();
        for (var i = 0L; i < count; i++)
        {
            var (image, start, axes) = this[first + i];
            if (read != (first + i) / views.Count)
            {
                images[image].Read(start, window);
                read = (first + i) / views.Count;
            }
            buffer.select(0, i).copy_(axes.Length == 0 ? window : window.flip(axes));
        }
        return buffer.narrow(0, 0, count).MoveToOuterDisposeScope();
    }

    /// <summary>A view: which image, where its window starts there, and along which axes of (C, …spatial) it is mirrored.</summary>
    public (int Image, long[] Start, long[] Mirrored) this[long item]
    {
        get
        {
            var (index, view) = Math.DivRem(item, views.Count);
            var (image, place) = Math.DivRem(index, grid.Count);
            return ((int)image, grid.StartOf(place), views[(int)view]);
        }
    }
}
