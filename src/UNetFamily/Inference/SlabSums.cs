namespace UNetFamily;

/// <summary>
/// Sums of weighted windows for only those rows (places of the first spatial axis) that windows can still reach: as many as a window has. Rows that no later window touches are handed out, in order,
/// and their memory serves the rows that follow: row r lies at r modulo the number of rows. Nothing is moved.
/// </summary>
internal sealed class SlabSums
{
    /// <summary>About how many places are handed out at once: their logits should fit into the processor's cache, their temporaries be small.</summary>
    private const long PlacesAtOnce = 1 << 17;

    private readonly WindowGrid grid;
    private readonly Tensor sums;
    private readonly Tensor? map;
    private readonly Tensor? weights;
    private readonly Action<long, long, Tensor> finish;
    private readonly long rowsAtOnce;
    private long image;
    private long done;

    /// <param name="grid">Where windows lie.</param>
    /// <param name="sums">Zeros, (C, <see cref="Rows"/>, …sides of the image but the first).</param>
    /// <param name="map">How much each place of a window counts, (…window); null for all alike.</param>
    /// <param name="weights">What the windows of one row of windows weigh together, from <see cref="WeightsOf"/>; null when the sums themselves are wanted.</param>
    /// <param name="finish">Takes the number of the image, its first finished row, and means (C, rows, …), which are valid during the call.</param>
    public SlabSums(WindowGrid grid, Tensor sums, Tensor? map, Tensor? weights, Action<long, long, Tensor> finish)
    {
        (this.grid, this.sums, this.map, this.weights, this.finish) = (grid, sums, map, weights, finish);
        rowsAtOnce = Math.Max(1, PlacesAtOnce / grid.Image.Skip(1).Aggregate(1L, (product, side) => product * side));
    }

    /// <summary>How many rows are kept.</summary>
    public static long Rows(WindowGrid grid) => Math.Min(grid.Image[0], grid.Window[0]);

    /// <summary>What the windows that start at the same row weigh together: the same for each such row.</summary>
    /// <param name="grid">Where windows lie.</param>
    /// <param name="map">How much each place of a window counts, (…window).</param>
    /// <param name="views">How often each window is counted.</param>
    /// <returns>(rows of a window, …sides of the image but the first).</returns>
    public static Tensor WeightsOf(WindowGrid grid, Tensor map, long views)
    {
        using var scope = NewDisposeScope();
        var weights = zeros([grid.Window[0], .. grid.Image[1..]], map.dtype, map.device);
        for (var index = 0L; index < grid.CountPerRow; index++)
        {
            using var perWindow = NewDisposeScope();
            var (target, part, start) = (weights, map, grid.StartOf(index));
            for (var axis = 1; axis < start.Length; axis++)
            {
                var (inWindow, inImage, length) = grid.Inside(axis, start[axis]);
                target = target.narrow(axis, inImage, length);
                part = part.narrow(axis, inWindow, length);
            }
            target.add_(part, views);
        }
        return weights.MoveToOuterDisposeScope();
    }

    /// <summary>Adds a window. Windows come image by image, in the order of the grid.</summary>
    /// <param name="ofImage">The number of the image.</param>
    /// <param name="start">Where the window starts, from <see cref="WindowGrid.StartOf"/>.</param>
    /// <param name="logits">(C, …window), in the type and on the device of the sums.</param>
    public void Add(long ofImage, long[] start, Tensor logits)
    {
        if (ofImage != image)
        {
            Finish();
            (image, done) = (ofImage, 0);
        }
        FinishTo(start[0]);

        using var scope = NewDisposeScope();
        var (target, part, weight) = (sums, logits, map);
        for (var axis = 1; axis < start.Length; axis++)
        {
            var (inWindow, inImage, length) = grid.Inside(axis, start[axis]);
            target = target.narrow(axis + 1, inImage, length);
            part = part.narrow(axis + 1, inWindow, length);
            weight = weight?.narrow(axis, inWindow, length);
        }

        var (firstRow, row, left) = grid.Inside(0, start[0]);
        while (left > 0)
        {
            var (slot, count) = Slot(row, left);
            var place = target.narrow(1, slot, count);
            var values = part.narrow(1, firstRow, count);
            if (weight is null) place.add_(values);
            else place.addcmul_(values, weight.narrow(0, firstRow, count), 1);
            (firstRow, row, left) = (firstRow + count, row + count, left - count);
        }
    }

    /// <summary>Hands out what is left of the last image.</summary>
    public void Finish() => FinishTo(grid.Image[0]);

    private void FinishTo(long end)
    {
        while (done < end)
        {
            using var scope = NewDisposeScope();
            var (slot, count) = Slot(done, Math.Min(end - done, rowsAtOnce));
            var rows = sums.narrow(1, slot, count);
            if (weights is not null) rows.mul_(Reciprocal(weights, done, count));
            finish(image, done, rows);
            rows.zero_();
            done += count;
        }
    }

    /// <summary>One by the sum of weights of some rows.</summary>
    private Tensor Reciprocal(Tensor ofRow, long first, long count)
    {
        var sum = zeros([count, .. grid.Image[1..]], ofRow.dtype, ofRow.device);
        foreach (var start in grid.RowStarts)
        {
            var (from, to) = (Math.Max(start, first), Math.Min(start + grid.Window[0], first + count));
            if (from < to) sum.narrow(0, from - first, to - from).add_(ofRow.narrow(0, from - start, to - from));
        }
        return sum.reciprocal_();
    }

    /// <summary>Where a row lies, and how many of those after it follow without a break.</summary>
    private (long Slot, long Count) Slot(long row, long wanted)
    {
        var rows = sums.shape[1];
        return (row % rows, Math.Min(wanted, rows - row % rows));
    }
}
