using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>Mean, standard deviation, least and most of a channel.</summary>
internal readonly record struct ChannelStatistics(double Mean, double Deviation, float Least, float Most)
{
    /// <summary>In double precision, and summed in an order that is the same on every processor.</summary>
    public static ChannelStatistics Of(ReadOnlySpan<float> values)
    {
        // Distances from the first number, so that squares of a mean far from 0 don't swallow the deviation.
        var origin = values[0];
        var (least, most) = (Vector256.Create(origin), Vector256.Create(origin));
        var (sum, squares) = (Vector256<double>.Zero, Vector256<double>.Zero);
        Span<float> last = stackalloc float[Vector256<float>.Count];
        for (var at = 0; at < values.Length; at += last.Length)
        {
            scoped var row = values[at..];
            if (row.Length < last.Length)
            {
                last.Fill(origin);
                row.CopyTo(last);
                row = last;
            }

            var numbers = Vector256.Create(row);
            (least, most) = (Vector256.Min(least, numbers), Vector256.Max(most, numbers));
            var (low, high) = Vector256.Widen(numbers);
            (low, high) = (low - Vector256.Create((double)origin), high - Vector256.Create((double)origin));
            sum += low + high;
            squares += low * low + high * high;
        }

        var (smallest, largest) = (origin, origin);
        for (var i = 0; i < last.Length; i++) (smallest, largest) = (Math.Min(smallest, least[i]), Math.Max(largest, most[i]));
        var mean = Total(sum) / values.Length;
        return new(origin + mean, Math.Sqrt(Math.Max(0, Total(squares) / values.Length - mean * mean)), smallest, largest);

        static double Total(Vector256<double> parts) => parts[0] + parts[1] + (parts[2] + parts[3]);
    }
}
