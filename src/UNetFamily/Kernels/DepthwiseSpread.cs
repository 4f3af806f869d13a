using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>A transposed depthwise convolution of volumes with the channels last in memory: each output position gathers the few inputs that reach it.</summary>
/// <param name="channels">Channels, a multiple of 16.</param>
/// <param name="kernel">The sides of the kernel (D, H, W).</param>
/// <param name="stride">The strides.</param>
/// <param name="padding">The padding of each end.</param>
/// <param name="weights">(D, H, W, channels).</param>
/// <param name="bias">(channels).</param>
internal sealed unsafe class DepthwiseSpread(int channels, long[] kernel, long[] stride, long[] padding, float[] weights, float[] bias)
{
    /// <summary>Convolves one sample.</summary>
    /// <param name="x">(D, H, W, channels).</param>
    /// <param name="from">Its sides.</param>
    /// <param name="y">(D, H, W, channels).</param>
    /// <param name="to">Its sides.</param>
    /// <param name="crew">Who works.</param>
    public void Run(nint x, long[] from, nint y, long[] to, Crew crew)
    {
        var (depths, rows, columns) = (Sources(0, from[0], to[0]), Sources(1, from[1], to[1]), Sources(2, from[2], to[2]));
        crew.Do((int)(to[0] * to[1]), row =>
        {
            var (z, v) = Math.DivRem(row, (int)to[1]);
            Row((float*)x, from, (float*)y + ((nint)row * (nint)to[2] * channels), depths[z], rows[v], columns);
        });
    }

    /// <summary>For each place of an axis the inputs that reach it, and through which place of the kernel.</summary>
    private (int Input, int Tap)[][] Sources(int axis, long inputs, long outputs)
    {
        var sources = new (int, int)[outputs][];
        for (var place = 0; place < outputs; place++)
        {
            sources[place] = [.. from tap in Enumerable.Range(0, (int)kernel[axis])
                                 let spread = place + padding[axis] - tap
                                 where spread >= 0 && spread % stride[axis] == 0 && spread / stride[axis] < inputs
                                 select ((int)(spread / stride[axis]), tap)];
        }
        return sources;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* x, long[] sides, float* y, (int Input, int Tap)[] depths, (int Input, int Tap)[] rows, (int Input, int Tap)[][] columns)
    {
        var taps = stackalloc int[depths.Length * rows.Length];
        var starts = stackalloc nint[depths.Length * rows.Length];
        var lines = 0;
        foreach (var depth in depths)
        {
            foreach (var row in rows)
            {
                starts[lines] = (((nint)depth.Input * (nint)sides[1]) + row.Input) * (nint)sides[2] * channels;
                taps[lines++] = (((depth.Tap * (int)kernel[1]) + row.Tap) * (int)kernel[2]) * channels;
            }
        }
        fixed (float* weight = weights, shift = bias)
        {
            foreach (var column in columns)
            {
                for (var channel = 0; channel < channels; channel += PanelProduct.Lanes)
                {
                    var sum = Vector512.Load(shift + channel);
                    for (var line = 0; line < lines; line++)
                    {
                        foreach (var (input, tap) in column)
                            sum = Vector512.FusedMultiplyAdd(Vector512.Load(x + starts[line] + ((nint)input * channels) + channel), Vector512.Load(weight + taps[line] + (tap * channels) + channel), sum);
                    }
                    sum.Store(y + channel);
                }
                y += channels;
            }
        }
    }
}
