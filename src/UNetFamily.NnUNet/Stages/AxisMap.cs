namespace UNetFamily.NnUNet;

/// <summary>
/// How the places of an axis become those of another length: each new place is a weighted sum of some old ones. Place i lies at (i + 0.5) * old / new - 0.5; what lies outside has the value of the edge. That is the
/// geometry of scikit-image's <c>resize</c>, of SciPy's <c>zoom</c> on a grid and of PyTorch's <c>interpolate</c>.
/// </summary>
internal sealed class AxisMap
{
    /// <summary>By how many places SciPy continues an axis with the edge's value on either side before it looks for the spline.</summary>
    public const int Margin = 12;

    private readonly int[] first;
    private readonly double[] weights;

    /// <param name="from">The old length.</param>
    /// <param name="to">The new length.</param>
    /// <param name="order">0, 1 or 3.</param>
    /// <param name="single">Whether places are computed in single precision, as PyTorch does.</param>
    public AxisMap(int from, int to, int order, bool single = false)
    {
        (From, To, Order) = (from, to, from == to ? 0 : order);
        Taps = Order + 1;
        (first, weights) = (new int[to], new double[to * Taps]);
        for (var place = 0; place < to; place++)
        {
            var at = from == to ? place : single ? Single(place) : (place + 0.5) * ((double)from / to) - 0.5;
            var of = weights.AsSpan(place * Taps, Taps);
            if (Order == 0) (first[place], of[0]) = (Math.Clamp((int)Math.Floor(at + 0.5), 0, from - 1), 1);
            else if (Order == 1) first[place] = Linear(Math.Clamp(at, 0, from - 1), of);
            else first[place] = Cubic(at + Margin, of);
        }

        double Single(int place) => Math.Max((place + 0.5f) * ((float)from / to) - 0.5f, 0);
    }

    public int From { get; }

    public int To { get; }

    public int Order { get; }

    public bool IsIdentity => From == To;

    /// <summary>How many old places make a new one.</summary>
    public int Taps { get; }

    /// <summary>Of each new place the first old one; of a spline's coefficients counted with the margin.</summary>
    public ReadOnlySpan<int> First => first;

    /// <summary>The weights of all new places, <see cref="Taps"/> each.</summary>
    public ReadOnlySpan<double> Weights => weights;

    // The second place always exists, with a weight of 0 at the end.
    private int Linear(double at, Span<double> of)
    {
        var start = Math.Clamp((int)at, 0, Math.Max(From - 2, 0));
        (of[0], of[1]) = From == 1 ? (1, 0) : (1 - (at - start), at - start);
        return start;
    }

    private static int Cubic(double at, Span<double> of)
    {
        var t = at - Math.Floor(at);
        var u = 1 - t;
        (of[0], of[1], of[2], of[3]) = (u * u * u / 6, (t * t * (t - 2) * 3 + 4) / 6, (u * u * (u - 2) * 3 + 4) / 6, t * t * t / 6);
        return (int)Math.Floor(at) - 1;
    }
}
