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
    private const int PositionsAtOnce = 512;

    /// <summary>Normalizes one sample.</summary>
    /// <param name="x">(positions, channels).</param>
    /// <param name="y">Where the result goes; may be <paramref name="x"/>.</param>
    /// <param name="positions">How many positions there are.</param>
    /// <param name="crew">Who works.</param>
    public void Normalize(nint x, nint y, long positions, Crew crew)
    {
        var parts = (int)((positions + PositionsAtOnce - 1) / PositionsAtOnce);
        var (means, squares) = (new double[parts * channels], new double[parts * channels]);
        crew.Do(parts, part => Moments(x, positions, part, means, squares));
        var (mean, factor) = Joined(positions, parts, means, squares);
        crew.Do(parts, part => Apply(x, y, positions, part, mean, factor));
    }

    private static (long First, int Count) Part(int part, long positions) =>
        ((long)part * PositionsAtOnce, (int)Math.Min(PositionsAtOnce, positions - ((long)part * PositionsAtOnce)));

    /// <summary>The mean of each channel and the sum of its squared differences from it, in one part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Moments(nint x, long positions, int part, double[] means, double[] squares)
    {
        var (first, count) = Part(part, positions);
        for (var channel = 0; channel < channels; channel += PanelProduct.Lanes)
        {
            var from = (float*)x + (first * channels) + channel;
            var about = Vector512.Load(from);
            Vector512<float> sum = default, square = default;
            for (var i = 0; i < count; i++, from += channels)
            {
                var difference = Vector512.Load(from) - about;
                sum += difference;
                square = Vector512.FusedMultiplyAdd(difference, difference, square);
            }
            for (var lane = 0; lane < PanelProduct.Lanes; lane++)
            {
                var (place, mean) = ((part * channels) + channel + lane, (double)sum[lane] / count);
                means[place] = about[lane] + mean;
                squares[place] = Math.Max(0, square[lane] - (count * mean * mean));
            }
        }
    }

    /// <summary>The mean and the factor of each channel.</summary>
    private (float[] Mean, float[] Factor) Joined(long positions, int parts, double[] means, double[] squares)
    {
        var (mean, factor) = (new float[channels], new float[channels]);
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
            for (var channel = group * width; channel < (group + 1) * width; channel++) (mean[channel], factor[channel]) = ((float)centre, (float)(scale * (weight?[channel] ?? 1)));
        }
        return (mean, factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Apply(nint x, nint y, long positions, int part, float[] mean, float[] factor)
    {
        var (first, count) = Part(part, positions);
        for (var channel = 0; channel < channels; channel += PanelProduct.Lanes)
        {
            float* from = (float*)x + (first * channels) + channel, to = (float*)y + (first * channels) + channel;
            var (centre, scale) = (Vector512.Create(mean, channel), Vector512.Create(factor, channel));
            var shift = bias is null ? default : Vector512.Create(bias, channel);
            for (var i = 0; i < count; i++, from += channels, to += channels) Vector512.FusedMultiplyAdd(Vector512.Load(from) - centre, scale, shift).Store(to);
        }
    }
}
