namespace UNetFamily.NnUNet;

/// <summary>Puts the slice of a volume into a buffer.</summary>
internal delegate void PlaneSource(int z, Span<double> plane);

/// <summary>Takes a slice of the result. Slices come from several threads at once, in any order, each once.</summary>
internal delegate void PlaneSink(int z, ReadOnlySpan<double> plane);

/// <summary>Resamples volumes from one grid to another, slice by slice: first in the slices, then across them. Where the latter is linear or nearer, only two slices exist at a time for each thread, so nothing of the size of the volume is held.</summary>
internal sealed class GridResampler
{
    // Of a spline across slices: as many columns as fit into a core's own memory with a few hundred slices.
    private const int Columns = 64;

    private readonly AxisMap z, y, x;
    private readonly bool clips, separate;

    /// <param name="z">The map across slices.</param>
    /// <param name="y">The map along Y.</param>
    /// <param name="x">The map along X.</param>
    /// <param name="separate">Whether slices are resampled for themselves: a spline stays within the range of its slice, instead of that of the volume.</param>
    public GridResampler(AxisMap z, AxisMap y, AxisMap x, bool separate)
    {
        (this.z, this.y, this.x, this.separate) = (z, y, x, separate);
        // Only a spline leaves the range of what it goes through.
        clips = separate ? y.Order == 3 || x.Order == 3 : z.Order == 3 || y.Order == 3 || x.Order == 3;
    }

    /// <summary>Whether parts of the result can be made without the rest.</summary>
    public bool IsStreaming => z.Order < 3 && (separate || !clips);

    private int PlaneLength => y.To * x.To;

    /// <summary>Makes all slices, on all cores.</summary>
    public void Run(PlaneSource source, PlaneSink sink)
    {
        if (IsStreaming)
        {
            var parts = Math.Clamp(Environment.ProcessorCount * 4, 1, z.To);
            Parallel.For(0, parts, part => Worker().Run(source, sink, (int)((long)z.To * part / parts), (int)((long)z.To * (part + 1) / parts)));
        }
        else RunWhole(source, sink);
    }

    /// <summary>Makes some slices on one thread; only where it <see cref="IsStreaming"/>.</summary>
    public SliceWorker Worker() => new(z, new PlaneResampler(y, x, clips), PlaneLength);

    // A spline across slices, or a range that is the whole volume's: all slices first.
    private void RunWhole(PlaneSource source, PlaneSink sink)
    {
        var margin = z.Order == 3 ? AxisMap.Margin : 0;
        var (planes, ranges) = (new double[z.From + 2 * margin][], new (double Low, double High)[z.From]);
        Parallel.For(0, z.From, () => new PlaneResampler(y, x, clips && separate), (slice, _, resampler) =>
        {
            source(slice, resampler.Plane);
            if (!separate) ranges[slice] = Range(resampler.Plane);
            resampler.Run(planes[slice + margin] = new double[PlaneLength]);
            return resampler;
        }, _ => { });
        var (low, high) = separate || !clips ? (double.NegativeInfinity, double.PositiveInfinity) : (ranges.Min(range => range.Low), ranges.Max(range => range.High));
        if (z.Order == 3) FitAcross(planes);
        Parallel.For(0, z.To, () => new double[PlaneLength], (slice, _, mixed) =>
        {
            var first = z.First[slice];
            if (z.Order == 0) planes[first].CopyTo(mixed, 0);
            else if (z.Order == 1) Lines.Mix(mixed, planes[first], z.Weights[2 * slice], planes[Math.Min(first + 1, z.From - 1)], z.Weights[2 * slice + 1]);
            else Lines.Mix4(mixed, planes[first], planes[first + 1], planes[first + 2], planes[first + 3], z.Weights.Slice(4 * slice, 4));
            if (clips && !separate) PlaneResampler.Clip(mixed, low, high);
            sink(slice, mixed);
            return mixed;
        }, _ => { });
    }

    // Some columns at a time: out of the slices, fitted, and back.
    private void FitAcross(double[][] planes)
    {
        for (var i = 0; i < AxisMap.Margin; i++) (planes[i], planes[^(i + 1)]) = (new double[PlaneLength], new double[PlaneLength]);
        Parallel.For(0, (PlaneLength + Columns - 1) / Columns, () => new double[CubicSpline.BufferLength(z.From, Columns)], (part, _, buffer) =>
        {
            var (start, count) = (part * Columns, Math.Min(Columns, PlaneLength - part * Columns));
            for (var slice = 0; slice < z.From; slice++) planes[slice + AxisMap.Margin].AsSpan(start, count).CopyTo(CubicSpline.Place(buffer, slice, count));
            CubicSpline.Fit(buffer, z.From, count);
            for (var place = 0; place < planes.Length; place++) buffer.AsSpan(place * count, count).CopyTo(planes[place].AsSpan(start));
            return buffer;
        }, _ => { });
    }

    private static (double Low, double High) Range(ReadOnlySpan<double> values)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return (low, high);
    }
}

/// <summary>Makes slices of a result one after the other, and may do so for several volumes on one grid: its buffers are used again.</summary>
internal sealed class SliceWorker(AxisMap z, PlaneResampler resampler, int length)
{
    private readonly (int Slice, double[] Plane)[] made = [(-1, new double[length]), (-1, new double[length])];
    private readonly double[] mixed = new double[length];

    /// <summary>Makes slices of a volume.</summary>
    public void Run(PlaneSource source, PlaneSink sink, int start, int end)
    {
        (made[0].Slice, made[1].Slice) = (-1, -1);
        for (var slice = start; slice < end; slice++)
        {
            var first = z.First[slice];
            var (near, far) = z.Order == 0 ? (1, 0) : (z.Weights[2 * slice], z.Weights[2 * slice + 1]);
            if (far == 0) sink(slice, Made(first));
            else if (near == 0) sink(slice, Made(first + 1));
            else
            {
                Lines.Mix(mixed, Made(first), near, Made(first + 1), far);
                sink(slice, mixed);
            }
        }

        // Of the two slices that exist the one with the smaller number gives way: numbers rise.
        double[] Made(int number)
        {
            ref var place = ref made[made[0].Slice == number || made[1].Slice != number && made[0].Slice < made[1].Slice ? 0 : 1];
            if (place.Slice == number) return place.Plane;
            source(number, resampler.Plane);
            resampler.Run(place.Plane);
            place.Slice = number;
            return place.Plane;
        }
    }
}
