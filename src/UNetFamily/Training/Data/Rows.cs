using System.Numerics;

namespace UNetFamily;

/// <summary>Arithmetic on rows of numbers, as many at once as the processor takes. Their number doesn't change the results.</summary>
internal static class Rows
{
    /// <summary>x · factor + offset.</summary>
    public static void Affine(Span<float> values, float factor, float offset)
    {
        var at = 0;
        var shift = new Vector<float>(offset);
        for (; at <= values.Length - Vector<float>.Count; at += Vector<float>.Count) (new Vector<float>(values[at..]) * factor + shift).CopyTo(values[at..]);
        for (; at < values.Length; at++) values[at] = values[at] * factor + offset;
    }

    /// <summary>x + factor · y.</summary>
    public static void AddScaled(Span<float> values, ReadOnlySpan<float> others, float factor)
    {
        var at = 0;
        for (; at <= values.Length - Vector<float>.Count; at += Vector<float>.Count)
            (new Vector<float>(values[at..]) + factor * new Vector<float>(others[at..])).CopyTo(values[at..]);
        for (; at < values.Length; at++) values[at] += factor * others[at];
    }

    /// <summary>What is outside the limits becomes the nearer limit.</summary>
    public static void Clamp(Span<float> values, float least, float most)
    {
        var at = 0;
        var (low, high) = (new Vector<float>(least), new Vector<float>(most));
        for (; at <= values.Length - Vector<float>.Count; at += Vector<float>.Count) Vector.Min(Vector.Max(new Vector<float>(values[at..]), low), high).CopyTo(values[at..]);
        for (; at < values.Length; at++) values[at] = Math.Min(Math.Max(values[at], least), most);
    }

    /// <summary>start + length · ((x - start) / length)^exponent, for x between start and start + length.</summary>
    public static void Power(Span<float> values, float start, float length, float exponent)
    {
        var (origin, zero, one) = (new Vector<float>(start), Vector<float>.Zero, Vector<float>.One);
        Span<float> last = stackalloc float[Vector<float>.Count];
        for (var at = 0; at < values.Length; at += Vector<float>.Count)
        {
            var row = values[at..];
            if (row.Length < last.Length)
            {
                last.Fill(start);
                row.CopyTo(last);
                Raised(new Vector<float>(last)).CopyTo(last);
                last[..row.Length].CopyTo(row);
            }
            else
            {
                Raised(new Vector<float>(row)).CopyTo(row);
            }
        }

        Vector<float> Raised(Vector<float> x)
        {
            var part = Vector.Min(Vector.Max((x - origin) / length, zero), one);
            return origin + length * Vector.Exp(exponent * Vector.Log(part));
        }
    }

    /// <summary>Convolves each row with a symmetric kernel; rows go on mirrored at their ends.</summary>
    /// <param name="source">Rows of equal width, one after the other.</param>
    /// <param name="result">As many; may be the source.</param>
    /// <param name="width">The width of a row.</param>
    /// <param name="half">Weights from the centre outwards.</param>
    public static void Convolve(ReadOnlySpan<float> source, Span<float> result, int width, float[] half)
    {
        var radius = half.Length - 1;
        var padded = new float[width + 2 * radius].AsSpan();
        for (var start = 0; start < source.Length; start += width)
        {
            var row = source.Slice(start, width);
            row.CopyTo(padded[radius..]);
            for (var i = 1; i <= radius; i++)
            {
                padded[radius - i] = row[AxisFilter.Reflect(-i, width)];
                padded[radius + width - 1 + i] = row[AxisFilter.Reflect(width - 1 + i, width)];
            }

            Convolve(padded, result.Slice(start, width), half);
        }
    }

    /// <summary>Exchanges two rows.</summary>
    public static void Swap<T>(Span<T> a, Span<T> b)
        where T : unmanaged
    {
        var at = 0;
        for (; at <= a.Length - Vector<T>.Count; at += Vector<T>.Count)
        {
            var (first, second) = (new Vector<T>(a[at..]), new Vector<T>(b[at..]));
            second.CopyTo(a[at..]);
            first.CopyTo(b[at..]);
        }

        for (; at < a.Length; at++) (a[at], b[at]) = (b[at], a[at]);
    }

    private static void Convolve(ReadOnlySpan<float> padded, Span<float> row, ReadOnlySpan<float> half)
    {
        var radius = half.Length - 1;
        var at = 0;
        for (; at <= row.Length - Vector<float>.Count; at += Vector<float>.Count)
        {
            var sum = half[0] * new Vector<float>(padded[(at + radius)..]);
            for (var i = 1; i <= radius; i++) sum += half[i] * (new Vector<float>(padded[(at + radius - i)..]) + new Vector<float>(padded[(at + radius + i)..]));
            sum.CopyTo(row[at..]);
        }

        for (; at < row.Length; at++)
        {
            var sum = half[0] * padded[at + radius];
            for (var i = 1; i <= radius; i++) sum += half[i] * (padded[at + radius - i] + padded[at + radius + i]);
            row[at] = sum;
        }
    }
}
