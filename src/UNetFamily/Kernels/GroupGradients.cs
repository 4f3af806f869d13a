using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// The gradients of <see cref="GroupMoments"/>. With g the gradient of the output, w the weight and z the normalized input, that of the input is
/// <code>scale * (g w - mean(g w) - z mean(g w z))</code>
/// with means over each group. Sums of some positions are joined in float64, in an order that doesn't depend on threads.
/// </summary>
/// <param name="channels">Channels, a multiple of 16.</param>
/// <param name="groups">Groups of channels.</param>
/// <param name="weight">The factor of each channel; null for 1.</param>
internal sealed unsafe class GroupGradients(int channels, int groups, float[]? weight)
{
    /// <summary>The gradient of the weight.</summary>
    public double[] OfWeight { get; } = new double[channels];

    /// <summary>The gradient of the bias.</summary>
    public double[] OfBias { get; } = new double[channels];

    /// <summary>Adds the gradients of weight and bias by one sample, and computes that of its input.</summary>
    /// <param name="x">The input, (positions, channels).</param>
    /// <param name="gradient">The gradient of the output, (positions, channels).</param>
    /// <param name="ofInput">Where the gradient of the input goes, (positions, channels); 0 where it isn't needed.</param>
    /// <param name="positions">How many positions there are.</param>
    /// <param name="statistics">What the sample was normalized by.</param>
    /// <param name="crew">Who works.</param>
    public void Add(nint x, nint gradient, nint ofInput, long positions, GroupStatistics statistics, Crew crew)
    {
        var parts = GroupMoments.Parts(positions);
        var (sums, products) = (new float[parts * channels], new float[parts * channels]);
        crew.Do(parts, part => Sum(x, gradient, positions, part, statistics.Mean, sums, products));
        var (factor, slope, shift) = Joined(positions, parts, statistics, sums, products);
        if (ofInput != 0) crew.Do(parts, part => Apply(x, gradient, ofInput, positions, part, statistics.Mean, factor, slope, shift));
    }

    /// <summary>For each channel the sum of the gradient, and of its products with the input's differences from the mean, in one part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sum(nint x, nint gradient, long positions, int part, float[] mean, float[] sums, float[] products)
    {
        var (first, count) = GroupMoments.Part(part, positions);
        var step = channels;
        fixed (float* sum = &sums[part * step], product = &products[part * step])
        {
            for (var block = 0; block < count; block += GroupMoments.PositionsInCache)
            {
                var end = Math.Min(GroupMoments.PositionsInCache, count - block);
                var start = (first + block) * step;
                for (var channel = 0; channel < step; channel += GroupMoments.Pair)
                {
                    // Of an odd vector, the second is the first again.
                    var second = channel + (step - channel >= GroupMoments.Pair ? PanelProduct.Lanes : 0);
                    float* value = (float*)x + start, slope = (float*)gradient + start;
                    var (mean0, mean1) = (Vector512.Create(mean, channel), Vector512.Create(mean, second));
                    Vector512<float> sum0 = default, sum1 = default, product0 = default, product1 = default;
                    for (var i = 0; i < end; i++, value += step, slope += step)
                    {
                        var (slope0, slope1) = (Vector512.Load(slope + channel), Vector512.Load(slope + second));
                        sum0 += slope0;
                        sum1 += slope1;
                        product0 = Vector512.FusedMultiplyAdd(Vector512.Load(value + channel) - mean0, slope0, product0);
                        product1 = Vector512.FusedMultiplyAdd(Vector512.Load(value + second) - mean1, slope1, product1);
                    }
                    (Vector512.Load(sum + channel) + sum0).Store(sum + channel);
                    (Vector512.Load(product + channel) + product0).Store(product + channel);
                    if (second == channel) continue;
                    (Vector512.Load(sum + second) + sum1).Store(sum + second);
                    (Vector512.Load(product + second) + product1).Store(product + second);
                }
            }
        }
    }

    /// <summary>The gradient of the input is the gradient of the output times a factor, plus the input's difference from the mean times a slope, plus a shift.</summary>
    private (float[] Factor, float[] Slope, float[] Shift) Joined(long positions, int parts, GroupStatistics statistics, float[] sums, float[] products)
    {
        var (factor, slope, shift) = (new float[channels], new float[channels], new float[channels]);
        var width = channels / groups;
        for (var group = 0; group < groups; group++)
        {
            var (scale, mean, meanProduct) = (statistics.Scale[group * width], 0.0, 0.0);
            for (var channel = group * width; channel < (group + 1) * width; channel++)
            {
                var (sum, product) = (0.0, 0.0);
                for (var part = 0; part < parts; part++)
                {
                    sum += sums[(part * channels) + channel];
                    product += products[(part * channels) + channel];
                }
                product *= scale;
                OfWeight[channel] += product;
                OfBias[channel] += sum;
                mean += sum * Weight(channel);
                meanProduct += product * Weight(channel);
            }
            var numbers = (double)positions * width;
            for (var channel = group * width; channel < (group + 1) * width; channel++)
                (factor[channel], slope[channel], shift[channel]) = ((float)(scale * Weight(channel)), (float)(-scale * scale * meanProduct / numbers), (float)(-scale * mean / numbers));
        }
        return (factor, slope, shift);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Apply(nint x, nint gradient, nint ofInput, long positions, int part, float[] mean, float[] factors, float[] slopes, float[] shifts)
    {
        var (first, count) = GroupMoments.Part(part, positions);
        var step = channels;
        for (var block = 0; block < count; block += GroupMoments.PositionsInCache)
        {
            var end = Math.Min(GroupMoments.PositionsInCache, count - block);
            var start = (first + block) * step;
            for (var channel = 0; channel < step; channel += GroupMoments.Pair)
            {
                var second = channel + (step - channel >= GroupMoments.Pair ? PanelProduct.Lanes : 0);
                float* value = (float*)x + start, from = (float*)gradient + start, to = (float*)ofInput + start;
                var (mean0, factor0, slope0, shift0) = (Vector512.Create(mean, channel), Vector512.Create(factors, channel), Vector512.Create(slopes, channel), Vector512.Create(shifts, channel));
                var (mean1, factor1, slope1, shift1) = (Vector512.Create(mean, second), Vector512.Create(factors, second), Vector512.Create(slopes, second), Vector512.Create(shifts, second));
                for (var i = 0; i < end; i++, value += step, from += step, to += step)
                {
                    var (value0, value1) = (Vector512.Load(value + channel) - mean0, Vector512.Load(value + second) - mean1);
                    Vector512.FusedMultiplyAdd(Vector512.Load(from + channel), factor0, Vector512.FusedMultiplyAdd(value0, slope0, shift0)).Store(to + channel);
                    Vector512.FusedMultiplyAdd(Vector512.Load(from + second), factor1, Vector512.FusedMultiplyAdd(value1, slope1, shift1)).Store(to + second);
                }
            }
        }
    }

    private float Weight(int channel) => weight?[channel] ?? 1;
}
