using System.Numerics;

namespace UNetFamily;

/// <summary>A linear filter along one axis: every place of the result is a weighted sum of as many places of the source.</summary>
internal sealed class AxisFilter
{
    private readonly int side, taps;
    private readonly int[] places;
    private readonly float[] weights;

    private AxisFilter(int side, int taps)
    {
        (this.side, this.taps) = (side, taps);
        (places, weights) = (new int[side * taps], new float[side * taps]);
    }

    /// <summary>A symmetric kernel, over an axis that goes on mirrored at its ends.</summary>
    /// <param name="half">Weights from the centre outwards.</param>
    /// <param name="side">The length of the axis.</param>
    public static AxisFilter Mirrored(float[] half, int side)
    {
        var radius = half.Length - 1;
        var filter = new AxisFilter(side, 2 * radius + 1);
        for (var i = 0; i < side; i++)
            for (var step = -radius; step <= radius; step++) filter.Set(i, step + radius, Reflect(i + step, side), half[Math.Abs(step)]);
        return filter;
    }

    /// <summary>Down to a smaller size by taking nearest places, then up by linear interpolation.</summary>
    public static AxisFilter DownAndUp(int side, int small)
    {
        var filter = new AxisFilter(side, taps: 2);
        for (var i = 0; i < side; i++)
        {
            var place = Math.Max(0, (i + 0.5) * small / side - 0.5);
            var first = Math.Min((int)place, small - 1);
            var share = (float)(place - first);
            filter.Set(i, 0, Nearest(first), 1 - share);
            filter.Set(i, 1, Nearest(Math.Min(first + 1, small - 1)), share);
        }

        return filter;

        int Nearest(int place) => Math.Min((int)((place + 0.5) * side / small), side - 1);
    }

    /// <summary>The place of a mirrored axis, ends not repeated: …, 2, 1, 0, 1, 2, …</summary>
    public static int Reflect(int place, int side)
    {
        if (side == 1) return 0;
        var period = 2 * (side - 1);
        place = Math.Abs(place) % period;
        return Math.Min(place, period - place);
    }

    /// <summary>Filters the middle axis of (outer, side, inner).</summary>
    public void Apply(ReadOnlySpan<float> source, Span<float> result, int outer, int inner)
    {
        for (var block = 0; block < outer; block++)
        {
            var from = source.Slice(block * side * inner, side * inner);
            var to = result.Slice(block * side * inner, side * inner);
            if (inner == 1) Gather(from, to);
            else
                for (var i = 0; i < side; i++) Sum(from, places.AsSpan(i * taps, taps), weights.AsSpan(i * taps, taps), to.Slice(i * inner, inner));
        }
    }

    private void Gather(ReadOnlySpan<float> from, Span<float> to)
    {
        var tap = 0;
        for (var i = 0; i < to.Length; i++)
        {
            var sum = 0f;
            for (var end = tap + taps; tap < end; tap++) sum += weights[tap] * from[places[tap]];
            to[i] = sum;
        }
    }

    private static void Sum(ReadOnlySpan<float> from, ReadOnlySpan<int> where, ReadOnlySpan<float> weight, Span<float> row)
    {
        var at = 0;
        for (; at <= row.Length - Vector<float>.Count; at += Vector<float>.Count)
        {
            var sum = weight[0] * new Vector<float>(from[(where[0] * row.Length + at)..]);
            for (var tap = 1; tap < weight.Length; tap++) sum += weight[tap] * new Vector<float>(from[(where[tap] * row.Length + at)..]);
            sum.CopyTo(row[at..]);
        }

        for (; at < row.Length; at++)
        {
            var sum = weight[0] * from[where[0] * row.Length + at];
            for (var tap = 1; tap < weight.Length; tap++) sum += weight[tap] * from[where[tap] * row.Length + at];
            row[at] = sum;
        }
    }

    private void Set(int place, int tap, int from, float weight) => (places[place * taps + tap], weights[place * taps + tap]) = (from, weight);
}
