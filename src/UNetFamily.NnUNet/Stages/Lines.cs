using System.Numerics;

namespace UNetFamily.NnUNet;

/// <summary>Arithmetic on lines of numbers that lie side by side.</summary>
internal static class Lines
{
    /// <summary>target = a * x + b * y.</summary>
    public static void Mix(Span<double> target, ReadOnlySpan<double> x, double a, ReadOnlySpan<double> y, double b)
    {
        var i = 0;
        for (; i <= target.Length - Vector<double>.Count; i += Vector<double>.Count) (new Vector<double>(x[i..]) * a + new Vector<double>(y[i..]) * b).CopyTo(target[i..]);
        for (; i < target.Length; i++) target[i] = x[i] * a + y[i] * b;
    }

    /// <summary>target = w[0] * a + w[1] * b + w[2] * c + w[3] * d.</summary>
    public static void Mix4(Span<double> target, ReadOnlySpan<double> a, ReadOnlySpan<double> b, ReadOnlySpan<double> c, ReadOnlySpan<double> d, ReadOnlySpan<double> w)
    {
        var i = 0;
        for (; i <= target.Length - Vector<double>.Count; i += Vector<double>.Count)
            (new Vector<double>(a[i..]) * w[0] + new Vector<double>(b[i..]) * w[1] + new Vector<double>(c[i..]) * w[2] + new Vector<double>(d[i..]) * w[3]).CopyTo(target[i..]);
        for (; i < target.Length; i++) target[i] = a[i] * w[0] + b[i] * w[1] + c[i] * w[2] + d[i] * w[3];
    }

    /// <summary>The same for lines that lie one after the other.</summary>
    public static void Mix4(Span<double> target, ReadOnlySpan<double> lines, ReadOnlySpan<double> w)
    {
        var n = target.Length;
        Mix4(target, lines[..n], lines.Slice(n, n), lines.Slice(2 * n, n), lines.Slice(3 * n, n), w);
    }

    /// <summary>target = z * (x - target), or target + z * x.</summary>
    public static void Recur(Span<double> target, ReadOnlySpan<double> x, double z, bool back)
    {
        var i = 0;
        for (; i <= target.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var (here, there) = (new Vector<double>(target[i..]), new Vector<double>(x[i..]));
            (back ? (there - here) * z : here + there * z).CopyTo(target[i..]);
        }
        for (; i < target.Length; i++) target[i] = back ? (x[i] - target[i]) * z : target[i] + x[i] * z;
    }
}
