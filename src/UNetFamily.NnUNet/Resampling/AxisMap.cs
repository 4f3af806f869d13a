namespace UNetFamily.NnUNet;

/// <summary>
/// How the places of one axis become those of another length: each new place is a weighted sum of some old ones. Places are at (i + 0.5) * old / new - 0.5, as in scikit-image's <c>resize</c> and in PyTorch's
/// <c>interpolate</c>; what lies outside has the value of the edge.
/// </summary>
internal sealed class AxisMap
{
    /// <summary>By how many places of the edge a cubic spline continues the axis on either side, before its coefficients are found.</summary>
    public const int Margin = 12;

    /// <summary>Where the weights of a place begin; for a cubic spline counted in the axis with its margin.</summary>
    private readonly int[] first;

    /// <summary>As many weights for each place.</summary>
    private readonly double[] weights;

    /// <param name="from">The old length.</param>
    /// <param name="to">The new length.</param>
    /// <param name="order">0 for the nearest place, where a tie goes up; 1 for a linear function between places; 3 for a cubic spline.</param>
    public AxisMap(int from, int to, int order)
    {
        (From, To, Order) = (from, to, order);
        Taps = IsIdentity || order == 0 ? 1 : order == 1 ? 2 : 4;
        (first, weights) = (new int[to], new double[to * Taps]);
        for (var place = 0; place < to; place++)
        {
            var coordinate = (place + 0.5) * ((double)from / to) - 0.5;
            var of = weights.AsSpan(place * Taps, Taps);
            if (IsIdentity) (first[place], of[0]) = (place, 1);
            else if (order == 0) (first[place], of[0]) = (Math.Clamp((int)Math.Floor(coordinate + 0.5), 0, from - 1), 1);
            else if (order == 1) Linear(Math.Clamp(coordinate, 0, from - 1), of, out first[place]);
            else Cubic(coordinate + Margin, of, out first[place]);
        }
    }

    /// <summary>The maps of the three axes of a volume.</summary>
    /// <param name="rule">How it is resampled.</param>
    /// <param name="from">Its size.</param>
    /// <param name="to">The size that it is to have.</param>
    /// <param name="separate">The axis whose slices are taken for themselves; null for none.</param>
    public static AxisMap[] Of(ResamplingRule rule, VolumeSize from, VolumeSize to, int? separate)
    {
        var (order, across) = rule.Method is ResamplingMethod.Spline ? (rule.Order, rule.OrderZ) : (1, 0);
        return [.. Enumerable.Range(0, 3).Select(axis => new AxisMap(from[axis], to[axis], axis == separate ? across : order))];
    }

    public int From { get; }

    public int To { get; }

    public int Order { get; }

    public bool IsIdentity => From == To;

    /// <summary>Whether old places must become coefficients of a spline first.</summary>
    public bool IsSpline => Order == 3 && !IsIdentity;

    /// <summary>How many old places each new one is made of.</summary>
    public int Taps { get; }

    /// <summary>The first of the old places of a new one.</summary>
    public int First(int place) => first[place];

    public ReadOnlySpan<double> Weights(int place) => weights.AsSpan(place * Taps, Taps);

    private void Linear(double coordinate, Span<double> of, out int start)
    {
        start = Math.Min((int)coordinate, Math.Max(From - 2, 0));
        (of[0], of[1]) = From == 1 ? (1, 0) : (1 - (coordinate - start), coordinate - start);
    }

    private static void Cubic(double coordinate, Span<double> of, out int start)
    {
        start = (int)Math.Floor(coordinate) - 1;
        var part = coordinate - Math.Floor(coordinate);
        var rest = 1 - part;
        of[0] = rest * rest * rest / 6;
        of[1] = (part * part * (part - 2) * 3 + 4) / 6;
        of[2] = (rest * rest * (rest - 2) * 3 + 4) / 6;
        of[3] = part * part * part / 6;
    }
}
