using System.Globalization;

namespace UNetFamily.NnUNet;

/// <summary>A scheme by which the numbers of a channel are brought to what the network was trained with: one of nnU-Net's, by its name in the plans. Statistics are in double precision, the change in single, as there.</summary>
public abstract class IntensityNormalization
{
    private const float LeastDivisor = 1e-8f;
    private const int Part = 1 << 16;

    private IntensityNormalization()
    {
    }

    /// <summary>The names that plans may hold.</summary>
    public static IReadOnlyList<string> Names { get; } = ["ZScoreNormalization", "CTNormalization", "NoNormalization", "RescaleTo01Normalization", "RGBTo01Normalization"];

    /// <summary>Whether it asks which voxels are inside of the image.</summary>
    public virtual bool UsesMask => false;

    /// <summary>The scheme of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="useMask">Whether only voxels inside of the image are looked at and changed. Only ZScoreNormalization does so.</param>
    /// <param name="properties">What the training images had in this channel; CTNormalization needs it.</param>
    /// <exception cref="ArgumentException">The name is none of them, or CTNormalization has no properties.</exception>
    public static IntensityNormalization Of(string name, bool useMask = false, IntensityProperties? properties = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name switch
        {
            "ZScoreNormalization" => new ZScore(useMask),
            "CTNormalization" => new ComputedTomography(properties ?? throw new ArgumentException("CTNormalization needs the foreground's properties of the channel, which the plans have under foreground_intensity_properties_per_channel.", nameof(properties))),
            "NoNormalization" => new None(),
            "RescaleTo01Normalization" => new RescaleTo01(),
            "RGBTo01Normalization" => new Colour(),
            _ => throw new ArgumentException($"There is no normalisation '{name}'. Known are {string.Join(", ", Names)}.", nameof(name)),
        };
    }

    /// <summary>Normalises a channel in place.</summary>
    /// <param name="values">The numbers of the channel, after cropping and before resampling.</param>
    /// <param name="inside">For each number whether it is inside of the image; null when all are. Asked only where <see cref="UsesMask"/>.</param>
    /// <exception cref="ArgumentException">The numbers are none for the scheme, or the mask has another length.</exception>
    public void Apply(float[] values, bool[]? inside = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (inside is not null && inside.Length != values.Length) throw new ArgumentException($"The mask has {inside.Length} places, the channel has {values.Length}.", nameof(inside));
        Change(values, UsesMask ? inside : null);
    }

    private protected abstract void Change(float[] values, bool[]? inside);

    private static void Each(float[] values, Action<Memory<float>, int> change) =>
        Parallel.For(0, (values.Length + Part - 1) / Part, part => change(values.AsMemory(part * Part, Math.Min(Part, values.Length - part * Part)), part * Part));

    // Parts are summed for themselves and in order, so that the number of cores changes nothing.
    private static double Sum(float[] values, Func<float[], int, int, double> ofPart)
    {
        var sums = new double[(values.Length + Part - 1) / Part];
        Parallel.For(0, sums.Length, part => sums[part] = ofPart(values, part * Part, Math.Min(values.Length, (part + 1) * Part)));
        return sums.Sum();
    }

    private static void ShiftAndDivide(float[] values, float shift, float divisor) => Each(values, (part, _) =>
    {
        foreach (ref var value in part.Span) value = (value - shift) / divisor;
    });

    private static (float Least, float Most) Range(float[] values)
    {
        if (values.Length == 0) return (0, 0);
        var (least, most) = (values[0], values[0]);
        foreach (var value in values) (least, most) = (Math.Min(least, value), Math.Max(most, value));
        return (least, most);
    }

    private sealed class ZScore(bool useMask) : IntensityNormalization
    {
        public override bool UsesMask => useMask;

        private protected override void Change(float[] values, bool[]? inside)
        {
            double count = inside is null ? values.Length : inside.Count(place => place);
            if (count == 0) return;
            var mean = Sum(values, (all, from, to) =>
            {
                var sum = 0.0;
                for (var i = from; i < to; i++)
                    if (inside is null || inside[i]) sum += all[i];
                return sum;
            }) / count;
            var variance = Sum(values, (all, from, to) =>
            {
                var sum = 0.0;
                for (var i = from; i < to; i++)
                    if (inside is null || inside[i]) sum += (all[i] - mean) * (all[i] - mean);
                return sum;
            }) / count;
            var (shift, divisor) = ((float)mean, Math.Max((float)Math.Sqrt(variance), LeastDivisor));
            if (inside is null) ShiftAndDivide(values, shift, divisor);
            else
            {
                Each(values, (part, first) =>
                {
                    var span = part.Span;
                    for (var i = 0; i < span.Length; i++)
                        if (inside[first + i]) span[i] = (span[i] - shift) / divisor;
                });
            }
        }
    }

    private sealed class ComputedTomography(IntensityProperties properties) : IntensityNormalization
    {
        private protected override void Change(float[] values, bool[]? inside)
        {
            var (low, high, mean, divisor) = ((float)properties.Percentile005, (float)properties.Percentile995, (float)properties.Mean, Math.Max((float)properties.StandardDeviation, LeastDivisor));
            Each(values, (part, _) =>
            {
                foreach (ref var value in part.Span) value = (Math.Min(Math.Max(value, low), high) - mean) / divisor;
            });
        }
    }

    private sealed class None : IntensityNormalization
    {
        private protected override void Change(float[] values, bool[]? inside)
        {
        }
    }

    private sealed class RescaleTo01 : IntensityNormalization
    {
        private protected override void Change(float[] values, bool[]? inside)
        {
            var (least, most) = Range(values);
            ShiftAndDivide(values, least, Math.Max(most - least, LeastDivisor));
        }
    }

    private sealed class Colour : IntensityNormalization
    {
        private protected override void Change(float[] values, bool[]? inside)
        {
            var (least, most) = Range(values);
            if (!(least >= 0 && most <= 255))
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"RGBTo01Normalization is for numbers from 0 to 255; these go from {least} to {most}."), nameof(values));
            ShiftAndDivide(values, 0, 255);
        }
    }
}
