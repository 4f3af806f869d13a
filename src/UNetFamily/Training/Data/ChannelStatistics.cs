namespace UNetFamily;

/// <summary>Mean, standard deviation, least and most of a channel.</summary>
internal readonly record struct ChannelStatistics(double Mean, double Deviation, float Least, float Most)
{
    // Sums in double precision and in a fixed order, so that every machine has the same; deviations from the first number, so that squares don't cancel.
    public static ChannelStatistics Of(ReadOnlySpan<float> values)
    {
        double origin = values[0];
        var (sum, squares) = (0.0, 0.0);
        var (sum2, squares2) = (0.0, 0.0);
        var (least, most) = (values[0], values[0]);
        for (var i = 0; i + 1 < values.Length; i += 2)
        {
            var (first, second) = (values[i] - origin, values[i + 1] - origin);
            sum += first;
            squares += first * first;
            sum2 += second;
            squares2 += second * second;
        }

        if (values.Length % 2 == 1)
        {
            var last = values[^1] - origin;
            sum += last;
            squares += last * last;
        }

        foreach (var value in values)
        {
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }

        var mean = (sum + sum2) / values.Length;
        return new(origin + mean, Math.Sqrt(Math.Max(0, (squares + squares2) / values.Length - mean * mean)), least, most);
    }
}
