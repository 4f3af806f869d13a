using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// The gradient of a depthwise convolution's weights with the channels last in memory: for each tap, products of two maps that it brings together, summed over all positions. Some hundred in a row are summed in float32,
/// these sums in float64, in an order that doesn't depend on threads.
/// </summary>
/// <param name="channels">Channels, a multiple of 16.</param>
/// <param name="kernel">The sides of the kernel (D, H, W).</param>
internal sealed unsafe class DepthwiseProducts(int channels, int[] kernel)
{
    private const int MostParts = 16;
    private const int LeastPositions = 1024;
    private const int PositionsInFloat = 256;

    private readonly int size = kernel[0] * kernel[1] * kernel[2] * channels;

    /// <summary>Sums over all samples.</summary>
    /// <param name="x">(N, D, H, W, channels), which is gathered.</param>
    /// <param name="sides">Its sides.</param>
    /// <param name="y">(N, D, H, W, channels), at whose positions it is.</param>
    /// <param name="axes">For each axis of the second map, what of the first reaches its positions.</param>
    /// <param name="samples">How many samples there are.</param>
    /// <param name="crew">Who works.</param>
    /// <returns>(D, H, W, channels) of the kernel.</returns>
    public double[] Sum(nint x, int[] sides, nint y, DepthwiseReach[] axes, int samples, Crew crew)
    {
        var (rows, columns) = (samples * axes[0].Length * axes[1].Length, axes[2].Length);
        var parts = (int)Math.Clamp((long)rows * columns / LeastPositions, 1, Math.Min(MostParts, rows));
        var sums = new double[parts][];
        crew.Do(parts, part => sums[part] = Part((float*)x, sides, (float*)y, axes, (int)((long)rows * part / parts), (int)((long)rows * (part + 1) / parts)));
        for (var part = 1; part < parts; part++)
            for (var i = 0; i < size; i++) sums[0][i] += sums[part][i];
        return sums[0];
    }

    private double[] Part(float* x, int[] sides, float* y, DepthwiseReach[] axes, int first, int end)
    {
        var (depths, rows, columns) = (axes[0], axes[1], axes[2]);
        var (total, sums) = (new double[size], new float[size]);
        var inFloat = 0;
        for (var row = first; row < end; row++)
        {
            var (sample, place) = Math.DivRem(row, depths.Length * rows.Length);
            var (z, v) = Math.DivRem(place, rows.Length);
            var lines = new DepthwiseLines(depths.Sources[z], rows.Sources[v], sides, kernel, channels);
            Row(x + ((nint)sample * sides[0] * sides[1] * sides[2] * channels), y + ((nint)row * columns.Length * channels), lines, columns, sums);
            inFloat += columns.Length;
            if (inFloat < PositionsInFloat && row + 1 < end) continue;
            for (var i = 0; i < sums.Length; i++) total[i] += sums[i];
            Array.Clear(sums);
            inFloat = 0;
        }
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* x, float* y, DepthwiseLines lines, DepthwiseReach columns, float[] sums)
    {
        fixed (float* sum = sums)
        fixed (nint* starts = lines.Starts)
        fixed (int* taps = lines.Taps)
        {
            foreach (var group in columns.Groups)
            {
                var sources = columns.Sources[group.First];
                var at = y + ((nint)group.First * channels);
                for (var channel = 0; channel < channels; channel += PanelProduct.Lanes)
                {
                    if (group.IsFull) Several(x + channel, starts, taps, lines.Length, sources, columns.Step * channels, at + channel, columns.Pitch * channels, group.Done, sum + channel);
                    else One(x + channel, starts, taps, lines.Length, sources, at + channel, sum + channel);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void One(float* x, nint* starts, int* taps, int lines, (int Input, int Tap)[] sources, float* y, float* sums)
    {
        var number = Vector512.Load(y);
        for (var line = 0; line < lines; line++)
        {
            foreach (var (input, tap) in sources)
            {
                var sum = sums + taps[line] + (tap * channels);
                Vector512.FusedMultiplyAdd(Vector512.Load(x + starts[line] + ((nint)input * channels)), number, Vector512.Load(sum)).Store(sum);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Several(float* x, nint* starts, int* taps, int lines, (int Input, int Tap)[] sources, nint step, float* y, nint next, int done, float* sums)
    {
        // These stay in registers while the taps go by. What was counted before is zero.
        float* behind = y + (4 * next);
        var a = done > 0 ? default : Vector512.Load(y);
        var b = done > 1 ? default : Vector512.Load(y + next);
        var c = done > 2 ? default : Vector512.Load(y + (2 * next));
        var d = done > 3 ? default : Vector512.Load(y + (3 * next));
        var e = done > 4 ? default : Vector512.Load(behind);
        var f = done > 5 ? default : Vector512.Load(behind + next);
        var g = done > 6 ? default : Vector512.Load(behind + (2 * next));
        var h = Vector512.Load(behind + (3 * next));
        for (var line = 0; line < lines; line++)
        {
            foreach (var (input, tap) in sources)
            {
                float* from = x + starts[line] + ((nint)input * channels), middle = from + (4 * step), sum = sums + taps[line] + (tap * channels);
                var first = Vector512.FusedMultiplyAdd(Vector512.Load(from), a, Vector512.Load(sum));
                var second = Vector512.Load(middle) * e;
                first = Vector512.FusedMultiplyAdd(Vector512.Load(from + step), b, first);
                second = Vector512.FusedMultiplyAdd(Vector512.Load(middle + step), f, second);
                first = Vector512.FusedMultiplyAdd(Vector512.Load(from + (2 * step)), c, first);
                second = Vector512.FusedMultiplyAdd(Vector512.Load(middle + (2 * step)), g, second);
                first = Vector512.FusedMultiplyAdd(Vector512.Load(from + (3 * step)), d, first);
                second = Vector512.FusedMultiplyAdd(Vector512.Load(middle + (3 * step)), h, second);
                (first + second).Store(sum);
            }
        }
    }
}
