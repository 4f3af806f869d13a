namespace UNetFamily;

/// <summary>A scale from numbers to pixels, between round numbers.</summary>
internal sealed record Axis(double From, double To, double Step, int FromPixel, int ToPixel)
{
    /// <summary>The round numbers, a step apart.</summary>
    public IEnumerable<double> Ticks => Enumerable.Range(0, (int)Math.Round((To - From) / Step) + 1).Select(i => Math.Round(From + i * Step, 12));

    /// <summary>An axis that holds all numbers, with steps of 1, 2 or 5 times a power of ten.</summary>
    public static Axis Over(IEnumerable<double> numbers, int fromPixel, int toPixel, int ticks)
    {
        var (low, high) = numbers.Aggregate((Low: double.PositiveInfinity, High: double.NegativeInfinity), (range, number) => (Math.Min(range.Low, number), Math.Max(range.High, number)));
        if (!(low <= high)) (low, high) = (0, 1);
        // One number alone, or numbers that differ in their last bits.
        if (high - low <= 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high))) (low, high) = low == 0 ? (0, 1) : (low - Math.Abs(low) / 2, high + Math.Abs(high) / 2);
        var rough = (high - low) / ticks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10);
        return new(Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step, fromPixel, toPixel);
    }

    /// <summary>The pixel of a number.</summary>
    public int At(double number) => (int)Math.Round(FromPixel + (number - From) / (To - From) * (ToPixel - FromPixel));
}
