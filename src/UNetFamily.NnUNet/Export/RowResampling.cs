using System.Runtime.InteropServices;

namespace UNetFamily.NnUNet;

/// <summary>
/// Brings logits to the image's grid while they come in, row by row (a row is a place of the first axis), as <see cref="LogitResampling"/> does with logits that are all there. Only the rows are held that the next
/// ones of the image are made of: two, where interpolation is linear.
/// </summary>
internal sealed class RowResampling
{
    private readonly AxisMap across, rows, places;
    private readonly bool roundsToHalf;
    private readonly Action<int, float[][]> finish;

    // Rows are large, and there are many: their arrays serve again.
    private readonly Dictionary<int, double[][]> held = [];
    private readonly Stack<double[][]> free = new();
    private readonly float[][] made;
    private int next;

    /// <param name="rule">How logits are resampled.</param>
    /// <param name="prepared">What the network got of the image.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="finish">Takes a row of the part of the image that the network saw, and for each head its logits (…two sides), valid during the call. Rows come once, in order.</param>
    public RowResampling(ResamplingRule rule, PreparedImage prepared, int heads, Action<int, float[][]> finish)
    {
        this.finish = finish;
        var separate = rule.SeparateAxis(prepared.Spacing, prepared.ImageSpacing);
        (across, rows, places) = (Map(0), Map(1), Map(2));
        roundsToHalf = rule.Method is not ResamplingMethod.Torch && prepared.Size != prepared.Box.Size;
        made = [.. Enumerable.Range(0, heads).Select(_ => new float[prepared.Box.Size.Slice])];

        AxisMap Map(int axis)
        {
            var torch = rule.Method is ResamplingMethod.Torch;
            var order = axis == separate ? torch ? 0 : rule.OrderZ : torch ? 1 : rule.Order;
            return new AxisMap(prepared.Size[axis], prepared.Box.Size[axis], order, torch);
        }
    }

    /// <summary>Whether rows can be made while logits come in. Splines need the whole volume.</summary>
    public static bool Can(ResamplingRule rule) => rule.Method is not ResamplingMethod.Spline || rule.Order < 3 && rule.OrderZ < 3;

    /// <summary>Takes rows of logits.</summary>
    /// <param name="first">The first of the rows, which come in order.</param>
    /// <param name="logits">(heads, rows, …two sides), float16 on the CPU.</param>
    public void Add(long first, Tensor logits)
    {
        for (var row = 0L; row < logits.shape[1]; row++)
        {
            using var scope = NewDisposeScope();
            var target = free.TryPop(out var used) ? used : [.. made.Select(head => new double[head.Length])];
            Resample(logits.select(1, row).to(ScalarType.Float64).contiguous(), target);
            held[(int)(first + row)] = target;
            Emit((int)(first + row));
        }
    }

    // In double precision up to the one rounding to half, as in nnU-Net: between numbers of half precision, values often lie just in the middle.
    private void Resample(Tensor row, double[][] target)
    {
        Tensor[] heads = [.. Enumerable.Range(0, target.Length).Select(head => row.select(0, head))];
        Parallel.For(0, target.Length, () => new PlaneResampler(rows, places, clips: false), (head, _, resampler) =>
        {
            MemoryMarshal.Cast<byte, double>(heads[head].bytes).CopyTo(resampler.Plane);
            resampler.Run(target[head]);
            return resampler;
        }, _ => { });
    }

    /// <summary>Makes those rows of the image whose rows of logits are all there.</summary>
    private void Emit(int last)
    {
        for (; next < across.To && Math.Min(across.First[next] + across.Taps, across.From) - 1 <= last; next++)
        {
            Make(next);
            finish(next, made);
            if (next + 1 == across.To) continue;
            foreach (var done in held.Keys.Where(row => row < across.First[next + 1]).ToArray())
            {
                free.Push(held[done]);
                held.Remove(done);
            }
        }
    }

    private void Make(int row)
    {
        var first = across.First[row];
        var (near, far) = (across.Weights[row * across.Taps], across.Taps > 1 ? across.Weights[row * across.Taps + 1] : 0);
        var (one, other) = (held[first], far != 0 ? held[first + 1] : null);
        Parallel.For(0, made.Length, head =>
        {
            var (from, to) = (one[head], made[head]);
            for (var at = 0; at < to.Length; at++)
            {
                var value = other is null ? from[at] * near : from[at] * near + other[head][at] * far;
                to[at] = roundsToHalf ? (float)(Half)value : (float)value;
            }
        });
    }
}
