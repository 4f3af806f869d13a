namespace UNetFamily.NnUNet;

/// <summary>nnU-Net's schemes of normalisation. Each changes the numbers of one channel, in single precision, with statistics in double.</summary>
internal static class Normalizing
{
    private const float LeastDivisor = 1e-8f;

    /// <summary>The names that plans may hold.</summary>
    public static readonly IReadOnlyList<string> Schemes = ["ZScoreNormalization", "CTNormalization", "NoNormalization", "RescaleTo01Normalization", "RGBTo01Normalization"];

    /// <summary>Whether a scheme leaves out what lies outside of the image, if it is told to.</summary>
    public static bool MayUseMask(string scheme) => scheme == "ZScoreNormalization";

    /// <summary>Whether a scheme needs to know the training images' foreground.</summary>
    public static bool NeedsIntensities(string scheme) => scheme == "CTNormalization";

    /// <summary>Normalises a channel.</summary>
    /// <param name="scheme">One of <see cref="Schemes"/>.</param>
    /// <param name="values">The channel.</param>
    /// <param name="mask">True where statistics come from and numbers are changed; null for everywhere.</param>
    /// <param name="intensities">What the training images' foreground had in this channel; null where plans don't say.</param>
    /// <exception cref="ArgumentException">The numbers are none that the scheme takes.</exception>
    public static void Apply(string scheme, float[] values, bool[]? mask, Intensities? intensities)
    {
        switch (scheme)
        {
            case "ZScoreNormalization":
                var (mean, deviation) = Statistics(values, mask);
                Map(values, mask, (float)mean, Math.Max((float)deviation, LeastDivisor), float.NegativeInfinity, float.PositiveInfinity);
                break;
            case "CTNormalization":
                var of = intensities ?? throw new ArgumentException("CTNormalization needs the intensities of the training images, and the plans have none for this channel.");
                Map(values, mask: null, (float)of.Mean, Math.Max((float)of.Deviation, LeastDivisor), (float)of.Lowest, (float)of.Highest);
                break;
            case "RescaleTo01Normalization":
                var (low, high) = Range(values);
                Map(values, mask: null, low, Math.Max(high - low, LeastDivisor), float.NegativeInfinity, float.PositiveInfinity);
                break;
            case "RGBTo01Normalization":
                if (Range(values) is var (least, most) && (least < 0 || most > 255)) throw new ArgumentException($"RGBTo01Normalization needs numbers from 0 to 255; these are from {least} to {most}.");
                Map(values, mask: null, 0, 255, float.NegativeInfinity, float.PositiveInfinity);
                break;
        }
    }

    private static void Map(float[] values, bool[]? mask, float shift, float divisor, float low, float high) => Parts(values.Length, (from, to) =>
    {
        for (var i = from; i < to; i++)
            if (mask is null || mask[i]) values[i] = (Math.Min(Math.Max(values[i], low), high) - shift) / divisor;
    });

    private static (double Mean, double Deviation) Statistics(float[] values, bool[]? mask)
    {
        var (sum, count) = Sum(value => value);
        var mean = count > 0 ? sum / count : 0;
        return (mean, count > 0 ? Math.Sqrt(Sum(value => (value - mean) * (value - mean)).Sum / count) : 0);

        (double Sum, long Count) Sum(Func<double, double> of)
        {
            var (total, number) = (0.0, 0L);
            for (var i = 0; i < values.Length; i++)
            {
                if (mask is not null && !mask[i]) continue;
                total += of(values[i]);
                number++;
            }
            return (total, number);
        }
    }

    private static (float Low, float High) Range(float[] values)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in values) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return (low, high);
    }

    private static void Parts(int count, Action<int, int> work)
    {
        const int part = 1 << 20;
        Parallel.For(0, (count + part - 1) / part, index => work(index * part, Math.Min(count, (index + 1) * part)));
    }
}

/// <summary>What the foreground of the training images had in a channel.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The standard deviation.</param>
/// <param name="Lowest">The number that 0.5 % are below.</param>
/// <param name="Highest">The number that 0.5 % are above.</param>
public sealed record Intensities(double Mean, double Deviation, double Lowest, double Highest);
