namespace UNetFamily;

/// <summary>
/// Sums of windows for only those rows (places of the first spatial axis) that windows can still reach: as many as a window has. Rows that no later window touches are handed out, in order,
/// and their memory serves the rows that follow: row r lies at r modulo the number of rows. Nothing is moved. What holds the sums is a derived class's choice.
/// </summary>
/// <param name="grid">Where windows lie.</param>
internal abstract class RowRing(WindowGrid grid)
{
    /// <summary>About how many places are handed out at once: their logits should fit into the processor's cache, their temporaries be small.</summary>
    private const long PlacesAtOnce = 1 << 17;

    private readonly long rows = Rows(grid);
    private readonly long rowsAtOnce = Math.Max(1, PlacesAtOnce / grid.Image.Skip(1).Aggregate(1L, (product, side) => product * side));
    private long image;
    private long done;

    /// <summary>Where windows lie.</summary>
    protected WindowGrid Grid => grid;

    /// <summary>How many rows are kept.</summary>
    public static long Rows(WindowGrid grid) => Math.Min(grid.Image[0], grid.Window[0]);

    /// <summary>Adds the rows of a window. Windows come image by image, in the order of the grid.</summary>
    /// <param name="ofImage">The number of the image.</param>
    /// <param name="firstPlace">Where the window starts on the first axis, from <see cref="WindowGrid.StartOf"/>.</param>
    /// <param name="add">Adds some rows: where they lie in the ring, which is the first in the window, and how many there are.</param>
    protected void AddRows(long ofImage, long firstPlace, Action<long, long, long> add)
    {
        if (ofImage != image)
        {
            Finish();
            (image, done) = (ofImage, 0);
        }
        FinishTo(firstPlace);

        var (firstRow, row, left) = grid.Inside(0, firstPlace);
        while (left > 0)
        {
            var (slot, count) = Slot(row, left);
            add(slot, firstRow, count);
            (firstRow, row, left) = (firstRow + count, row + count, left - count);
        }
    }

    /// <summary>Hands out what is left of the last image.</summary>
    public void Finish() => FinishTo(grid.Image[0]);

    /// <summary>Hands out rows to which nothing is added any more, and zeroes their memory.</summary>
    /// <param name="image">The number of the image.</param>
    /// <param name="slot">Where they lie.</param>
    /// <param name="row">The first.</param>
    /// <param name="count">How many there are.</param>
    protected abstract void HandOut(long image, long slot, long row, long count);

    private void FinishTo(long end)
    {
        while (done < end)
        {
            var (slot, count) = Slot(done, Math.Min(end - done, rowsAtOnce));
            HandOut(image, slot, done, count);
            done += count;
        }
    }

    /// <summary>Where a row lies, and how many of those after it follow without a break.</summary>
    private (long Slot, long Count) Slot(long row, long wanted) => (row % rows, Math.Min(wanted, rows - row % rows));
}
