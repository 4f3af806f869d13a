using System.Numerics;

namespace UNetFamily.NnUNet;

/// <summary>The coefficients of a cubic spline through given values, found by two recursions, for many lines side by side. Ends are mirrored between places.</summary>
internal static class SplineFilter
{
    private const double Gain = 6;
    private const int Settled = 40;             // the pole to this power is far below the rounding of a double

    private static readonly double Pole = Math.Sqrt(3) - 2;

    /// <summary>Replaces values by coefficients.</summary>
    /// <param name="values">(places, lines).</param>
    /// <param name="places">The length of a line, above <see cref="Settled"/> or not.</param>
    /// <param name="lines">How many lines there are.</param>
    public static void Apply(Span<double> values, int places, int lines)
    {
        var row = new double[lines];
        // The first coefficient of the causal recursion: the sum of the mirrored line.
        var power = 1.0;
        for (var i = 0; i < Math.Min(places, Settled); i++, power *= Pole) Add(row, values.Slice(i * lines, lines), power);
        Span<double> start = new double[lines];
        for (var line = 0; line < lines; line++) start[line] = values[line] + Pole * row[line];
        start.CopyTo(values);
        for (var i = 1; i < places; i++) Add(values.Slice(i * lines, lines), values.Slice((i - 1) * lines, lines), Pole);

        var last = values.Slice((places - 1) * lines, lines);
        for (var line = 0; line < lines; line++) last[line] *= Pole / (Pole - 1);
        for (var i = places - 2; i >= 0; i--) Step(values.Slice(i * lines, lines), values.Slice((i + 1) * lines, lines));
        for (var i = 0; i < places * lines; i++) values[i] *= Gain;
    }

    private static void Add(Span<double> to, ReadOnlySpan<double> from, double factor)
    {
        var at = 0;
        for (; at <= to.Length - Vector<double>.Count; at += Vector<double>.Count)
            (new Vector<double>(to[at..]) + new Vector<double>(from[at..]) * factor).CopyTo(to[at..]);
        for (; at < to.Length; at++) to[at] += from[at] * factor;
    }

    // c[i] = z (c[i + 1] - c+[i])
    private static void Step(Span<double> to, ReadOnlySpan<double> from)
    {
        var at = 0;
        for (; at <= to.Length - Vector<double>.Count; at += Vector<double>.Count)
            ((new Vector<double>(from[at..]) - new Vector<double>(to[at..])) * Pole).CopyTo(to[at..]);
        for (; at < to.Length; at++) to[at] = Pole * (from[at] - to[at]);
    }
}
