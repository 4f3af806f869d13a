namespace UNetFamily.NnUNet;

/// <summary>Resamples single slices in double precision. Each thread needs one of its own.</summary>
internal sealed class PlaneResampler
{
    // Lines that are worked on at once: enough for vectors, few enough for a core's own memory.
    private const int Block = 32;

    private readonly AxisMap rows, places;
    private readonly bool clips;
    private readonly double[] plane, between, spline, line;

    /// <param name="rows">The map along Y.</param>
    /// <param name="places">The map along X.</param>
    /// <param name="clips">Whether results stay within the slice's own range.</param>
    public PlaneResampler(AxisMap rows, AxisMap places, bool clips)
    {
        (this.rows, this.places, this.clips) = (rows, places, clips);
        plane = new double[rows.From * places.From];
        between = places.IsIdentity ? plane : new double[rows.From * places.To];
        spline = rows.Order == 3 || places.Order == 3 ? new double[CubicSpline.BufferLength(Math.Max(rows.From, places.From), Block)] : [];
        line = new double[Block];
    }

    /// <summary>Where the slice to resample is put.</summary>
    public Span<double> Plane => plane;

    /// <summary>Resamples <see cref="Plane"/>.</summary>
    /// <param name="target">(new Y, new X).</param>
    public void Run(Span<double> target)
    {
        var (low, high) = clips ? Range() : (0, 0);
        if (!places.IsIdentity)
        {
            if (places.Order == 3) SplineAlongX();
            else AlongX();
        }
        if (rows.IsIdentity) between.CopyTo(target);
        else if (rows.Order == 3) SplineAlongY(target);
        else AlongY(target);
        if (clips) Clip(target, low, high);
    }

    public static void Clip(Span<double> values, double low, double high)
    {
        foreach (ref var value in values) value = Math.Min(Math.Max(value, low), high);
    }

    private (double Low, double High) Range()
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in plane) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return (low, high);
    }

    private void AlongX()
    {
        var first = places.First;
        var weights = places.Weights;
        for (var y = 0; y < rows.From; y++)
        {
            var from = plane.AsSpan(y * places.From, places.From);
            var to = between.AsSpan(y * places.To, places.To);
            if (places.Order == 0)
                for (var x = 0; x < to.Length; x++) to[x] = from[first[x]];
            else if (from.Length == 1) to.Fill(from[0]);
            else
                for (var x = 0; x < to.Length; x++) to[x] = from[first[x]] * weights[2 * x] + from[first[x] + 1] * weights[2 * x + 1];
        }
    }

    private void AlongY(Span<double> target)
    {
        var width = places.To;
        for (var y = 0; y < rows.To; y++)
        {
            var from = between.AsSpan(rows.First[y] * width);
            var to = target.Slice(y * width, width);
            if (rows.Order == 0 || rows.From == 1) from[..width].CopyTo(to);
            else Lines.Mix(to, from[..width], rows.Weights[2 * y], from.Slice(width, width), rows.Weights[2 * y + 1]);
        }
    }

    // Some rows at a time, turned so that their places lie side by side.
    private void SplineAlongX()
    {
        for (var y = 0; y < rows.From; y += Block)
        {
            var count = Math.Min(Block, rows.From - y);
            for (var x = 0; x < places.From; x++)
            {
                var of = CubicSpline.Place(spline, x, count);
                for (var i = 0; i < count; i++) of[i] = plane[(y + i) * places.From + x];
            }
            CubicSpline.Fit(spline, places.From, count);
            for (var x = 0; x < places.To; x++)
            {
                Lines.Mix4(line.AsSpan(0, count), spline.AsSpan(places.First[x] * count), places.Weights.Slice(4 * x, 4));
                for (var i = 0; i < count; i++) between[(y + i) * places.To + x] = line[i];
            }
        }
    }

    private void SplineAlongY(Span<double> target)
    {
        for (var x = 0; x < places.To; x += Block)
        {
            var count = Math.Min(Block, places.To - x);
            for (var y = 0; y < rows.From; y++) between.AsSpan(y * places.To + x, count).CopyTo(CubicSpline.Place(spline, y, count));
            CubicSpline.Fit(spline, rows.From, count);
            for (var y = 0; y < rows.To; y++) Lines.Mix4(target.Slice(y * places.To + x, count), spline.AsSpan(rows.First[y] * count), rows.Weights.Slice(4 * y, 4));
        }
    }
}
