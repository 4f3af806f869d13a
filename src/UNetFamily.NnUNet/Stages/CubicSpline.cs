namespace UNetFamily.NnUNet;

/// <summary>
/// Cubic splines through the places of many lines at once, as SciPy finds them: an axis is continued by <see cref="AxisMap.Margin"/> places of its edges, and two recursions give the coefficients (pole sqrt(3) - 2,
/// gain 6, mirrored at half a place). Without the margin numbers near the border would differ by tenths.
/// </summary>
internal static class CubicSpline
{
    private const double Gain = 6;
    private const int Settled = 40;             // The pole to this power is far below the rounding of a double.

    private static readonly double Pole = Math.Sqrt(3) - 2;

    /// <summary>How long a buffer for coefficients must be.</summary>
    public static int BufferLength(int places, int lines) => (places + 2 * AxisMap.Margin) * lines;

    /// <summary>The part of a buffer in which the values of a place go.</summary>
    public static Span<double> Place(Span<double> buffer, int place, int lines) => buffer.Slice((place + AxisMap.Margin) * lines, lines);

    /// <summary>Makes coefficients of values.</summary>
    /// <param name="buffer">(places with margin, lines); the margin is filled here.</param>
    /// <param name="places">The length of a line.</param>
    /// <param name="lines">How many there are.</param>
    public static void Fit(Span<double> buffer, int places, int lines)
    {
        var count = places + 2 * AxisMap.Margin;
        var low = Place(buffer, 0, lines);
        var high = Place(buffer, places - 1, lines);
        for (var i = 0; i < AxisMap.Margin; i++)
        {
            low.CopyTo(buffer[(i * lines)..]);
            high.CopyTo(buffer[((count - 1 - i) * lines)..]);
        }
        foreach (ref var value in buffer[..(count * lines)]) value *= Gain;

        // The sum of the line mirrored before its beginning.
        var before = new double[lines];
        var power = Pole;
        for (var i = 0; i < Math.Min(count, Settled); i++, power *= Pole) Lines.Recur(before, buffer.Slice(i * lines, lines), power, back: false);
        Lines.Recur(buffer[..lines], before, 1, back: false);
        for (var i = 1; i < count; i++) Lines.Recur(buffer.Slice(i * lines, lines), buffer.Slice((i - 1) * lines, lines), Pole, back: false);
        foreach (ref var value in buffer.Slice((count - 1) * lines, lines)) value *= Pole / (Pole - 1);
        for (var i = count - 2; i >= 0; i--) Lines.Recur(buffer.Slice(i * lines, lines), buffer.Slice((i + 1) * lines, lines), Pole, back: true);
    }
}
