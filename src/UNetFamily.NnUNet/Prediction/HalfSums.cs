namespace UNetFamily.NnUNet;

/// <summary>
/// Sums of weighted windows in half precision, rounded after each addition, as nnU-Net keeps them: in the corners of a volume weights are so small that the rounding shows in the result. Only the rows (places
/// of the first spatial axis) that windows can still reach are kept; row r lies at r modulo their number. Finished rows are divided, averaged over the folds and handed out in order.
/// </summary>
internal sealed class HalfSums : IDisposable
{
    /// <summary>About how many places are handed out at once.</summary>
    private const long PlacesAtOnce = 1 << 17;

    private readonly long[] image;
    private readonly long[] window;
    private readonly Tensor map;
    private readonly Tensor exactMap;
    private readonly Tensor[] sums;
    private readonly Tensor weights;
    private readonly Action<long, Tensor> finish;
    private long done;

    /// <param name="image">The sides of the image, three.</param>
    /// <param name="map">How much each place of a window counts, (…window), float16.</param>
    /// <param name="folds">The number of networks.</param>
    /// <param name="heads">The channels of their logits.</param>
    /// <param name="finish">Takes the first of some finished rows, and their logits (heads, rows, …), float16, valid during the call.</param>
    public HalfSums(long[] image, Tensor map, int folds, long heads, Action<long, Tensor> finish)
    {
        (this.image, this.finish, window) = (image, finish, map.shape);
        this.map = map.alias();
        exactMap = map.to(ScalarType.Float32);
        var rows = Rows(image, window);
        weights = zeros([rows, .. image[1..]], ScalarType.Float16);
        sums = [.. Enumerable.Range(0, folds).Select(_ => zeros([heads, rows, .. image[1..]], ScalarType.Float16))];
        foreach (var tensor in Own) tensor.DetachFromDisposeScope();
    }

    /// <summary>How many rows are kept.</summary>
    public static long Rows(long[] image, long[] window) => Math.Min(image[0], window[0]);

    private IEnumerable<Tensor> Own => [map, exactMap, weights, .. sums];

    /// <summary>Adds a window. Windows come in order, those of the first axis slowest.</summary>
    /// <param name="start">Where it starts on each axis; negative where it begins before the image.</param>
    /// <param name="logitsOf">Gives (heads, …window) of a fold, float32 on the CPU; they are overwritten.</param>
    public void Add(long[] start, Func<int, Tensor> logitsOf)
    {
        FinishTo(start[0]);
        AddTo(weights, map, start);
        for (var fold = 0; fold < sums.Length; fold++)
        {
            using var scope = NewDisposeScope();
            var logits = logitsOf(fold).mul_(exactMap);
            // Channel by channel: libtorch makes float copies of both operands, and a channel's are small.
            for (var head = 0L; head < logits.shape[0]; head++) AddTo(sums[fold].select(0, head), logits.select(0, head), start);
        }
    }

    /// <summary>Adds what a window covers of the rows that are kept.</summary>
    private void AddTo(Tensor rows, Tensor values, long[] start)
    {
        using var scope = NewDisposeScope();
        for (var other = 1; other < image.Length; other++)
        {
            var (inside, place, side) = Inside(other, start[other]);
            (rows, values) = (rows.narrow(other, place, side), values.narrow(other, inside, side));
        }
        var (inWindow, inImage, length) = Inside(0, start[0]);
        while (length > 0)
        {
            var (slot, count) = Slot(inImage, length);
            rows.narrow(0, slot, count).add_(values.narrow(0, inWindow, count));
            (inWindow, inImage, length) = (inWindow + count, inImage + count, length - count);
        }
    }

    /// <summary>Hands out what is left.</summary>
    public void Finish() => FinishTo(image[0]);

    public void Dispose()
    {
        foreach (var tensor in Own) tensor.Dispose();
    }

    private void FinishTo(long end)
    {
        var most = Math.Max(1, PlacesAtOnce / (image[1] * image[2]));
        while (done < end)
        {
            using var scope = NewDisposeScope();
            var (slot, count) = Slot(done, Math.Min(end - done, most));
            var weight = weights.narrow(0, slot, count);
            var mean = sums[0].narrow(1, slot, count).div(weight);
            for (var fold = 1; fold < sums.Length; fold++) mean.add_(sums[fold].narrow(1, slot, count).div(weight));
            if (sums.Length > 1) mean.div_(sums.Length);
            RequireFinite(mean);
            finish(done, mean);

            weight.zero_();
            foreach (var sum in sums) sum.narrow(1, slot, count).zero_();
            done += count;
        }
    }

    private void RequireFinite(Tensor mean)
    {
        if (mean.isfinite().all().ToBoolean()) return;
        var place = mean.isfinite().logical_not().nonzero()[0].data<long>().ToArray();
        throw new NotFiniteNumberException($"The logit of head {place[0]} at ({place[1] + done}, {place[2]}, {place[3]}) is {mean[place[0], place[1], place[2], place[3]].to(ScalarType.Float64).ToDouble()}, and must be finite. Sums of windows are kept in half precision, which ends at 65504; weights of the network may not be finite either.");
    }

    /// <summary>The part of a window inside the image on one axis.</summary>
    private (long InWindow, long InImage, long Length) Inside(int axis, long start)
    {
        var first = Math.Max(start, 0);
        return (first - start, first, Math.Min(start + window[axis], image[axis]) - first);
    }

    private (long Slot, long Count) Slot(long row, long wanted)
    {
        var rows = weights.shape[0];
        return (row % rows, Math.Min(wanted, rows - row % rows));
    }
}
