using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// Sums of each channel over a map with the channels last in memory, as for the gradient of a bias. Some positions in a row are summed in float32, these sums in float64, in an order that doesn't depend on threads.
/// </summary>
internal static unsafe class ChannelSums
{
    /// <summary>Sums over all positions.</summary>
    /// <param name="x">(positions, channels).</param>
    /// <param name="positions">How many positions there are, of all samples.</param>
    /// <param name="channels">Channels, a multiple of 16.</param>
    public static float[] Of(nint x, long positions, int channels)
    {
        var parts = GroupMoments.Parts(positions);
        var sums = new float[parts * channels];
        using (var crew = new Crew()) crew.Do(parts, part => Add((float*)x, positions, channels, part, sums));
        var totals = new float[channels];
        for (var channel = 0; channel < channels; channel++)
        {
            var total = 0.0;
            for (var part = 0; part < parts; part++) total += sums[(part * channels) + channel];
            totals[channel] = (float)total;
        }
        return totals;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* x, long positions, int channels, int part, float[] sums)
    {
        var (first, count) = GroupMoments.Part(part, positions);
        fixed (float* sum = &sums[part * channels])
        {
            for (var block = 0; block < count; block += GroupMoments.PositionsInCache)
            {
                var end = Math.Min(GroupMoments.PositionsInCache, count - block);
                for (var channel = 0; channel < channels; channel += PanelProduct.Lanes)
                {
                    var at = x + ((first + block) * channels) + channel;
                    Vector512<float> total = default;
                    for (var i = 0; i < end; i++, at += channels) total += Vector512.Load(at);
                    (Vector512.Load(sum + channel) + total).Store(sum + channel);
                }
            }
        }
    }
}
