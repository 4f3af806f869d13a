using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>A depthwise convolution of either direction with the channels last in memory: each position of the result gathers the inputs that reach it.</summary>
/// <param name="channels">Channels, a multiple of 16.</param>
/// <param name="kernel">The sides of the kernel (D, H, W).</param>
/// <param name="weights">(D, H, W, channels).</param>
/// <param name="bias">(channels).</param>
internal sealed unsafe class DepthwiseGather(int channels, int[] kernel, float[] weights, float[] bias)
{
    /// <summary>Convolves one sample.</summary>
    /// <param name="x">(D, H, W, channels).</param>
    /// <param name="sides">Its sides.</param>
    /// <param name="y">(D, H, W, channels).</param>
    /// <param name="axes">For each axis of the result, what reaches its positions.</param>
    /// <param name="crew">Who works.</param>
    public void Run(nint x, int[] sides, nint y, DepthwiseReach[] axes, Crew crew)
    {
        var (depths, rows, columns) = (axes[0], axes[1], axes[2]);
        crew.Do(depths.Length * rows.Length, row =>
        {
            var (z, v) = Math.DivRem(row, rows.Length);
            Row((float*)x, sides, (float*)y + ((nint)row * columns.Length * channels), depths.Sources[z], rows.Sources[v], columns);
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* x, int[] sides, float* y, (int Input, int Tap)[] depths, (int Input, int Tap)[] rows, DepthwiseReach columns)
    {
        var lines = new DepthwiseLines(depths, rows, sides, kernel, channels);
        fixed (float* weight = weights, shift = bias)
        fixed (nint* starts = lines.Starts)
        fixed (int* taps = lines.Taps)
        {
            foreach (var group in columns.Groups)
            {
                var sources = columns.Sources[group.First];
                var to = y + ((nint)group.First * channels);
                for (var channel = 0; channel < channels; channel += PanelProduct.Lanes)
                {
                    if (group.IsFull) Several(x + channel, starts, taps, lines.Length, sources, columns.Step * channels, weight + channel, shift + channel, to + channel, columns.Pitch * channels);
                    else One(x + channel, starts, taps, lines.Length, sources, weight + channel, shift + channel, to + channel);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void One(float* x, nint* starts, int* taps, int lines, (int Input, int Tap)[] sources, float* weight, float* shift, float* y)
    {
        var sum = Vector512.Load(shift);
        for (var line = 0; line < lines; line++)
        {
            foreach (var (input, tap) in sources)
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(x + starts[line] + ((nint)input * channels)), Vector512.Load(weight + taps[line] + (tap * channels)), sum);
        }
        sum.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Several(float* x, nint* starts, int* taps, int lines, (int Input, int Tap)[] sources, nint step, float* weight, float* shift, float* y, nint next)
    {
        var a = Vector512.Load(shift);
        Vector512<float> b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        for (var line = 0; line < lines; line++)
        {
            foreach (var (input, tap) in sources)
            {
                var w = Vector512.Load(weight + taps[line] + (tap * channels));
                float* from = x + starts[line] + ((nint)input * channels), middle = from + (4 * step);
                a = Vector512.FusedMultiplyAdd(Vector512.Load(from), w, a);
                b = Vector512.FusedMultiplyAdd(Vector512.Load(from + step), w, b);
                c = Vector512.FusedMultiplyAdd(Vector512.Load(from + (2 * step)), w, c);
                d = Vector512.FusedMultiplyAdd(Vector512.Load(from + (3 * step)), w, d);
                e = Vector512.FusedMultiplyAdd(Vector512.Load(middle), w, e);
                f = Vector512.FusedMultiplyAdd(Vector512.Load(middle + step), w, f);
                g = Vector512.FusedMultiplyAdd(Vector512.Load(middle + (2 * step)), w, g);
                h = Vector512.FusedMultiplyAdd(Vector512.Load(middle + (3 * step)), w, h);
            }
        }
        float* behind = y + (4 * next);
        a.Store(y);
        b.Store(y + next);
        c.Store(y + (2 * next));
        d.Store(y + (3 * next));
        e.Store(behind);
        f.Store(behind + next);
        g.Store(behind + (2 * next));
        h.Store(behind + (3 * next));
    }
}
