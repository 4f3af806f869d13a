using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// Group norm, and instance norm as the one with a group for each channel, of a map with the channels last in memory. Moments are summed about a value of the map itself and joined in float64 (Chan, Golub and LeVeque,
/// 1979): libtorch 2.10 sums squares in float32, which leaves nothing of a small variance beside a large mean.
/// </summary>
/// <param name="channels">Channels, a multiple of 16.</param>
/// <param name="groups">Groups of channels.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="weight">The factor of each channel; null for 1.</param>
/// <param name="bias">The shift of each channel; null for 0.</param>
internal sealed unsafe class GroupMoments(int channels, int groups, double eps, float[]? weight, float[]? bias)
{
    /// <summary>Positions that lie together in cache while their channels go by.</summary>
    public const int PositionsInCache = 32;

    /// <summary>Channels that are computed at once.</summary>
    public const int Pair = 2 * PanelProduct.Lanes;

    private const int PositionsAtOnce = 2048;

    private readonly float[] shifts = bias ?? new float[channels];

    /// <summary>Normalizes one sample.</summary>
    /// <param name="x">(positions, channels).</param>
    /// <param name="y">Where the result goes; may be <paramref name="x"/>.</param>
    /// <param name="positions">How many positions there are.</param>
    /// <param name="crew">Who works.</param>
    /// <param name="rectifier">What is applied behind the norm.</param>
    /// <returns>What it was normalized by.</returns>
    public GroupStatistics Normalize(nint x, nint y, long positions, Crew crew, Rectifier rectifier = default)
    {
        var parts = Parts(positions);
        var (means, squares) = (new double[parts * channels], new double[parts * channels]);
        crew.Do(parts, part => Moments(x, positions, part, means, squares));
        var statistics = Joined(positions, parts, means, squares);
        float[] factor = [.. statistics.Scale.Select((scale, channel) => (float)(scale * (weight?[channel] ?? 1)))];
        crew.Do(parts, part => Apply(x, y, positions, part, statistics.Mean, factor, rectifier));
        return statistics;
    }

    /// <summary>Into how many parts a map is divided, whoever works on them.</summary>
    public static int Parts(long positions) => (int)((positions + PositionsAtOnce - 1) / PositionsAtOnce);

    /// <summary>The positions of a part.</summary>
    public static (long First, int Count) Part(int part, long positions) =>
        ((long)part * PositionsAtOnce, (int)Math.Min(PositionsAtOnce, positions - ((long)part * PositionsAtOnce)));

    /// <summary>The mean of each channel and the sum of its squared differences from it, in one part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Moments(nint x, long positions, int part, double[] means, double[] squares)
    {
        var (first, count) = Part(part, positions);
        var (step, start) = (channels, first * channels);
        float* about = (float*)x + start, sums = stackalloc float[step], squared = stackalloc float[step];
        new Span<float>(sums, step).Clear();
        new Span<float>(squared, step).Clear();
        for (var block = 0; block < count; block += PositionsInCache)
        {
            var end = Math.Min(PositionsInCache, count - block);
            for (var channel = 0; channel < step; channel += Pair)
            {
                // Two vectors fill a pair of cache lines, which memory gives at once; of an odd one, the second is the first again.
                var second = channel + (step - channel >= Pair ? PanelProduct.Lanes : 0);
                var at = about + (block * step);
                Vector512<float> about0 = Vector512.Load(about + channel), about1 = Vector512.Load(about + second), sum0 = default, sum1 = default, square0 = default, square1 = default;
                for (var i = 0; i < end; i++, at += step)
                {
                    var (difference0, difference1) = (Vector512.Load(at + channel) - about0, Vector512.Load(at + second) - about1);
                    sum0 += difference0;
                    sum1 += difference1;
                    square0 = Vector512.FusedMultiplyAdd(difference0, difference0, square0);
                    square1 = Vector512.FusedMultiplyAdd(difference1, difference1, square1);
                }
                // Few numbers are summed in a row, then these sums: errors grow with the root of either count, and not of both.
                (Vector512.Load(sums + channel) + sum0).Store(sums + channel);
                (Vector512.Load(squared + channel) + square0).Store(squared + channel);
                if (second == channel) continue;
                (Vector512.Load(sums + second) + sum1).Store(sums + second);
                (Vector512.Load(squared + second) + square1).Store(squared + second);
            }
        }
        for (var channel = 0; channel < step; channel++)
        {
            var (place, mean) = ((part * step) + channel, (double)sums[channel] / count);
            means[place] = about[channel] + mean;
            squares[place] = Math.Max(0, squared[channel] - (count * mean * mean));
        }
    }

    /// <summary>The mean of each channel's group, and the factor that makes its deviation 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private GroupStatistics Joined(long positions, int parts, double[] means, double[] squares)
    {
        var (mean, scales) = (new float[channels], new double[channels]);
        var width = channels / groups;
        for (var group = 0; group < groups; group++)
        {
            var (count, centre, square) = (0.0, 0.0, 0.0);
            for (var part = 0; part < parts; part++)
            {
                for (var channel = group * width; channel < (group + 1) * width; channel++)
                {
                    var (more, away) = (Part(part, positions).Count, means[(part * channels) + channel] - centre);
                    centre += away * more / (count + more);
                    square += squares[(part * channels) + channel] + (away * away * count * more / (count + more));
                    count += more;
                }
            }
            var scale = 1 / Math.Sqrt((square / count) + eps);
            for (var channel = group * width; channel < (group + 1) * width; channel++) (mean[channel], scales[channel]) = ((float)centre, scale);
        }
        return new GroupStatistics(mean, scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Apply(nint x, nint y, long positions, int part, float[] mean, float[] factor, Rectifier rectifier)
    {
        var (first, count) = Part(part, positions);
        var step = channels;
        for (var block = 0; block < count; block += PositionsInCache)
        {
            var end = Math.Min(PositionsInCache, count - block);
            for (var channel = 0; channel < step; channel += Pair)
            {
                var second = channel + (step - channel >= Pair ? PanelProduct.Lanes : 0);
                var start = (first + block) * step;
                float* from = (float*)x + start, to = (float*)y + start;
                var (centre0, scale0, shift0) = (Vector512.Create(mean, channel), Vector512.Create(factor, channel), Vector512.Create(shifts, channel));
                var (centre1, scale1, shift1) = (Vector512.Create(mean, second), Vector512.Create(factor, second), Vector512.Create(shifts, second));
                for (var i = 0; i < end; i++, from += step, to += step)
                {
                    var (value0, value1) = (Vector512.Load(from + channel), Vector512.Load(from + second));
                    rectifier.Of(Vector512.FusedMultiplyAdd(value0 - centre0, scale0, shift0)).Store(to + channel);
                    rectifier.Of(Vector512.FusedMultiplyAdd(value1 - centre1, scale1, shift1)).Store(to + second);
                }
            }
        }
    }
}

/// <summary>What one sample was normalized by.</summary>
/// <param name="Mean">The mean of each channel's group.</param>
/// <param name="Scale">The factor of each channel that makes its group's deviation 1.</param>
internal sealed record GroupStatistics(float[] Mean, double[] Scale);
