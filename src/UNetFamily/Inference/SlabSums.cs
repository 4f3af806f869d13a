namespace UNetFamily;

/// <summary>Sums of weighted windows in a tensor, see <see cref="RowRing"/>.</summary>
internal sealed class SlabSums : RowRing
{
    private readonly Tensor sums;
    private readonly Tensor? map;
    private readonly Tensor? weights;
    private readonly Action<long, long, Tensor> finish;

    /// <param name="grid">Where windows lie.</param>
    /// <param name="sums">Zeros, (C, <see cref="RowRing.Rows"/>, …sides of the image but the first).</param>
    /// <param name="map">How much each place of a window counts, (…window); null for all alike.</param>
    /// <param name="weights">What the windows of one row of windows weigh together, from <see cref="WeightsOf"/>; null when the sums themselves are wanted.</param>
    /// <param name="finish">Takes the number of the image, its first finished row, and means (C, rows, …), which are valid during the call.</param>
    public SlabSums(WindowGrid grid, Tensor sums, Tensor? map, Tensor? weights, Action<long, long, Tensor> finish) : base(grid) =>
        (this.sums, this.map, this.weights, this.finish) = (sums, map, weights, finish);

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
        using var scope = NewDisposeScope();
        var (target, part, weight) = (sums, logits, map);
        for (var axis = 1; axis < start.Length; axis++)
        {
            var (inWindow, inImage, length) = Grid.Inside(axis, start[axis]);
            target = target.narrow(axis + 1, inImage, length);
            part = part.narrow(axis + 1, inWindow, length);
            weight = weight?.narrow(axis, inWindow, length);
        }

        AddRows(ofImage, start[0], (slot, firstRow, count) =>
        {
            var place = target.narrow(1, slot, count);
            var values = part.narrow(1, firstRow, count);
            if (weight is null) place.add_(values);
            else place.addcmul_(values, weight.narrow(0, firstRow, count), 1);
        });
    }

    /// <inheritdoc/>
    protected override void HandOut(long image, long slot, long row, long count)
    {
        using var scope = NewDisposeScope();
        var rows = sums.narrow(1, slot, count);
        if (weights is not null) rows.mul_(Reciprocal(weights, row, count));
        finish(image, row, rows);
        rows.zero_();
    }

    /// <summary>One by the sum of weights of some rows.</summary>
    private Tensor Reciprocal(Tensor ofRow, long first, long count)
    {
        var sum = zeros([count, .. Grid.Image[1..]], ofRow.dtype, ofRow.device);
        foreach (var start in Grid.RowStarts)
        {
            var (from, to) = (Math.Max(start, first), Math.Min(start + Grid.Window[0], first + count));
            if (from < to) sum.narrow(0, from - first, to - from).add_(ofRow.narrow(0, from - start, to - from));
        }
        return sum.reciprocal_();
    }
}
