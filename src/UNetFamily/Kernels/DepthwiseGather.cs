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
    // Columns that are computed at once, so that a weight is read once for all of them.
    private const int Columns = 8;

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
        var taps = stackalloc int[depths.Length * rows.Length];
        var starts = stackalloc nint[depths.Length * rows.Length];
        var lines = 0;
        foreach (var depth in depths)
        {
            foreach (var row in rows)
            {
                starts[lines] = (((nint)depth.Input * sides[1]) + row.Input) * sides[2] * channels;
                taps[lines++] = ((depth.Tap * kernel[1]) + row.Tap) * kernel[2] * channels;
            }
        }
        fixed (float* weight = weights, shift = bias)
        {
            for (var at = 0; at < columns.Length;)
            {
                var many = columns.Alike[at] >= Columns;
                for (var channel = 0; channel < channels; channel += PanelProduct.Lanes)
                {
                    if (many) Several(x + channel, starts, taps, lines, columns.Sources[at], columns.Step * channels, weight + channel, shift + channel, y + channel);
                    else One(x + channel, starts, taps, lines, columns.Sources[at], weight + channel, shift + channel, y + channel);
                }
                var done = many ? Columns : 1;
                at += done;
                y += done * channels;
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
    private void Several(float* x, nint* starts, int* taps, int lines, (int Input, int Tap)[] sources, nint step, float* weight, float* shift, float* y)
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
        float* to = y, behind = y + (4 * (nint)channels);
        a.Store(to);
        b.Store(to + channels);
        c.Store(to + (2 * (nint)channels));
        d.Store(to + (3 * (nint)channels));
        e.Store(behind);
        f.Store(behind + channels);
        g.Store(behind + (2 * (nint)channels));
        h.Store(behind + (3 * (nint)channels));
    }
}

/// <summary>What reaches the positions of an axis of a result.</summary>
internal sealed class DepthwiseReach
{
    /// <summary>Finds which positions are alike.</summary>
    /// <param name="sources">For each position the inputs that reach it, and through which place of the kernel.</param>
    /// <param name="step">How much further the inputs of a neighbour lie where its places are the same.</param>
    public DepthwiseReach((int Input, int Tap)[][] sources, int step)
    {
        (Sources, Step, Alike) = (sources, step, new int[sources.Length]);
        for (var at = sources.Length - 1; at >= 0; at--)
            Alike[at] = at + 1 < sources.Length && sources[at].Select(source => (source.Input + step, source.Tap)).SequenceEqual(sources[at + 1]) ? Alike[at + 1] + 1 : 1;
    }

    /// <summary>For each position the inputs that reach it, and through which place of the kernel.</summary>
    public (int Input, int Tap)[][] Sources { get; }

    /// <summary>How much further the inputs of a neighbour lie where its places are the same.</summary>
    public int Step { get; }

    /// <summary>For each position how many, with itself, follow that have the same places of the kernel, each <see cref="Step"/> further.</summary>
    public int[] Alike { get; }

    /// <summary>How many positions there are.</summary>
    public int Length => Sources.Length;
}
