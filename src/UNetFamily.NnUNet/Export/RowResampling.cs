namespace UNetFamily.NnUNet;

/// <summary>
/// Brings logits to the image's grid while they come in, row by row (a row is a place of the first axis). Only the rows are held that the next ones of the image are made of: two, where interpolation is linear.
/// </summary>
internal sealed class RowResampling
{
    private const int Part = 1 << 16;

    private readonly AxisMap[] maps;
    private readonly bool roundsToHalf;
    private readonly Action<int, float[]> finish;
    private readonly Dictionary<int, double[]> rows = [];

    // Rows are large, and there are many: their arrays serve again.
    private readonly Stack<double[]> free = new();
    private double[] between = [], loaded = [];
    private float[] made = [];
    private int next;

    /// <param name="rule">How logits are resampled.</param>
    /// <param name="prepared">What the network got of the image.</param>
    /// <param name="finish">Takes a row of the part of the image that the network saw, and its logits (heads, …two sides), valid during the call. Rows come once, in order.</param>
    public RowResampling(ResamplingRule rule, PreparedImage prepared, Action<int, float[]> finish)
    {
        maps = AxisMap.Of(rule, prepared.Size, prepared.Box.Size, rule.SeparateAxis(prepared.Spacing, prepared.ImageSpacing));
        this.finish = finish;
        roundsToHalf = rule.Method is not ResamplingMethod.Torch && maps.Any(map => !map.IsIdentity);
    }

    /// <summary>Whether rows can be made while logits come in. Splines need the whole volume.</summary>
    public static bool Can(ResamplingRule rule) => rule.Method is not ResamplingMethod.Spline || rule.Order < 3 && rule.OrderZ < 3;

    /// <summary>Takes rows of logits.</summary>
    /// <param name="first">The first of the rows, which come in order.</param>
    /// <param name="logits">(heads, rows, …two sides), float16.</param>
    public void Add(long first, Tensor logits)
    {
        for (var row = 0L; row < logits.shape[1]; row++)
        {
            using var scope = NewDisposeScope();
            rows[(int)(first + row)] = InPlane(logits.select(1, row).to(ScalarType.Float64).contiguous());
            Emit((int)(first + row));
        }
    }

    // In double precision up to the one rounding to half, as in nnU-Net: between numbers of half precision, values often lie just in the middle.
    private double[] InPlane(Tensor row)
    {
        int[] sides = [.. row.shape.Select(side => (int)side)];
        var count = sides[0] * sides[1] * sides[2];
        if (loaded.Length != count) loaded = new double[count];
        row.data<double>().CopyTo(loaded, 0);

        var first = maps[1].To * (long)maps[2].From < (long)maps[1].From * maps[2].To ? 1 : 2;
        between = AxisResampling.Along(loaded, sides, first, maps[first], between);
        sides[first] = maps[first].To;
        var room = free.TryPop(out var used) ? used : new double[sides[0] * maps[1].To * maps[2].To];
        var result = AxisResampling.Along(between, sides, 3 - first, maps[3 - first], room);
        if (result == room) return room;
        // Nothing changed along the last axis, and what changed along the other is needed for the next row.
        result.CopyTo(room, 0);
        return room;
    }

    /// <summary>Makes those rows of the image whose rows of logits are all there.</summary>
    private void Emit(int last)
    {
        var map = maps[0];
        for (; next < map.To && Math.Min(map.First(next) + map.Taps, map.From) - 1 <= last; next++)
        {
            finish(next, Made(map.First(next), map.Weights(next)));
            if (next + 1 == map.To) continue;
            foreach (var done in rows.Keys.Where(row => row < map.First(next + 1)).ToArray())
            {
                free.Push(rows[done]);
                rows.Remove(done);
            }
        }
    }

    private float[] Made(int first, ReadOnlySpan<double> weights)
    {
        var (one, other) = (rows[first], weights.Length > 1 && weights[1] != 0 ? rows[first + 1] : null);
        if (made.Length != one.Length) made = new float[one.Length];
        var result = made;
        var (near, far) = (weights[0], other is null ? 0 : weights[1]);
        Parallel.For(0, (result.Length + Part - 1) / Part, part =>
        {
            for (var at = part * Part; at < Math.Min(result.Length, (part + 1) * Part); at++)
            {
                var value = other is null ? one[at] * near : one[at] * near + other[at] * far;
                result[at] = roundsToHalf ? (float)(Half)value : (float)value;
            }
        });
        return result;
    }
}
