using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// The random numbers of one patch. They depend on the seed of the loader, the number of the batch and the place in it, and on nothing else, so that neither threads nor an interruption change
/// what a training sees. Algorithm: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), the same in every version of .NET. Not for several threads at once.
/// </summary>
public sealed class PatchRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state;

    internal PatchRandom(long seed, long batch, int sample)
    {
        foreach (var number in (ReadOnlySpan<long>)[seed, batch, sample]) state = Mix(state + Golden ^ Mix((ulong)number + Golden));
    }

    /// <summary>A number from 0 to below 1.</summary>
    public double Next() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A whole number from 0 to below <paramref name="end"/>.</summary>
    /// <param name="end">Above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="end"/> is not above 0.</exception>
    public int Next(int end)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(end);
        return (int)Math.BigMul(NextBits(), (ulong)end, out _);
    }

    /// <summary>A number from <paramref name="low"/> to <paramref name="high"/>, each as likely.</summary>
    /// <param name="low">The least.</param>
    /// <param name="high">The most.</param>
    public double Uniform(double low, double high) => low + (high - low) * Next();

    /// <summary>A number from a range, each as likely.</summary>
    /// <param name="range">Least and most.</param>
    public double Uniform((double Low, double High) range) => Uniform(range.Low, range.High);

    /// <summary>A factor from a range that has 1 within: as often below 1 as above. nnU-Net draws contrast, brightness and gamma so.</summary>
    /// <param name="range">Least and most.</param>
    public double Factor((double Low, double High) range) =>
        Chance(0.5) && range.Low < 1 ? Uniform(range.Low, Math.Min(1, range.High)) : Uniform(Math.Min(Math.Max(range.Low, 1), range.High), range.High);

    /// <summary>True with a probability.</summary>
    /// <param name="probability">0 for never to 1 for always.</param>
    public bool Chance(double probability) => Next() < probability;

    /// <summary>Fills with numbers of the normal distribution with mean 0 and deviation 1 (Box and Muller, 1958).</summary>
    /// <param name="values">The numbers to replace.</param>
    public void Normal(Span<float> values)
    {
        const float Step = 1f / (1 << 24);
        var lanes = Vector256<float>.Count;
        Span<float> radius = stackalloc float[lanes];
        Span<float> angle = stackalloc float[lanes];
        Span<float> pair = stackalloc float[2 * lanes];
        for (var at = 0; at < values.Length; at += 2 * lanes)
        {
            for (var i = 0; i < lanes; i++)
            {
                var bits = NextBits();
                radius[i] = ((bits >> 40) + 1) * Step;
                angle[i] = (bits & 0xFFFFFF) * (Step * MathF.Tau);
            }

            var length = Vector256.Sqrt(Vector256.Log(Vector256.Create<float>(radius)) * -2f);
            var (sine, cosine) = Vector256.SinCos(Vector256.Create<float>(angle));
            if (values.Length - at >= 2 * lanes)
            {
                (length * cosine).CopyTo(values[at..]);
                (length * sine).CopyTo(values[(at + lanes)..]);
                continue;
            }

            (length * cosine).CopyTo(pair);
            (length * sine).CopyTo(pair[lanes..]);
            pair[..(values.Length - at)].CopyTo(values[at..]);
        }
    }

    private ulong NextBits() => Mix(state += Golden);

    private static ulong Mix(ulong bits)
    {
        bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
        return bits ^ bits >> 31;
    }
}
