using UNetFamily.NnUNet;

namespace UNetFamily.Tests.NnUNet.Stages;

/// <summary>nnU-Net's resampling as it is defined, a number at a time: axes one after the other in double precision, splines by solving for their coefficients.</summary>
internal static class PlainResampling
{
    private const int Margin = 12;

    public static float[] Of(float[] values, VolumeSize from, VolumeSize to, VolumeSpacing spacing, ResamplingRule rule)
    {
        var separate = rule.SeparateAxis(spacing, spacing);
        double[] volume = [.. values.Select(value => (double)value)];
        var size = from;
        foreach (var axis in Enumerable.Range(0, 3).Where(axis => axis != separate))
        {
            volume = Along(volume, size, axis, to[axis], rule.Order);
            size = size.With(axis, to[axis]);
        }
        Clip(volume, size, values, from, separate);
        if (separate is { } across) volume = Along(volume, size, across, to[across], rule.OrderZ);
        return [.. volume.Select(value => (float)value)];
    }

    private static double[] Along(double[] volume, VolumeSize size, int axis, int to, int order)
    {
        if (size[axis] == to) return volume;
        var target = size.With(axis, to);
        var (n, inner) = (size[axis], axis == 0 ? size.Slice : axis == 1 ? size.X : 1);
        var result = new double[target.Voxels];
        for (var outer = 0; outer < volume.Length / (n * inner); outer++)
        {
            for (var lane = 0; lane < inner; lane++)
            {
                double[] line = [.. Enumerable.Range(0, n).Select(i => volume[(outer * n + i) * inner + lane])];
                var coefficients = order == 3 ? Coefficients(line) : line;
                for (var i = 0; i < to; i++) result[(outer * to + i) * inner + lane] = Value(coefficients, (i + 0.5) * n / to - 0.5, order);
            }
        }
        return result;
    }

    private static double Value(double[] line, double at, int order)
    {
        if (order == 0) return line[Math.Clamp((int)Math.Floor(at + 0.5), 0, line.Length - 1)];
        if (order == 1) return Enumerable.Range((int)Math.Floor(at), 2).Sum(i => line[Math.Clamp(i, 0, line.Length - 1)] * (1 - Math.Abs(at - i)));
        return Enumerable.Range((int)Math.Floor(at) - 1, 4).Sum(i => line[i + Margin] * Basis(at - i));
    }

    private static double Basis(double x) => Math.Abs(x) switch { < 1 and var a => (4 - 6 * a * a + 3 * a * a * a) / 6, < 2 and var a => (2 - a) * (2 - a) * (2 - a) / 6, _ => 0 };

    // (c[i - 1] + 4 c[i] + c[i + 1]) / 6 = value, solved by elimination; beyond the ends c goes on as mirrored at half a place.
    private static double[] Coefficients(double[] line)
    {
        double[] values = [.. Enumerable.Repeat(line[0], Margin), .. line, .. Enumerable.Repeat(line[^1], Margin)];
        var n = values.Length;
        double[] diagonal = [.. values.Select((_, i) => i == 0 || i == n - 1 ? 5.0 : 4)], right = [.. values.Select(value => 6 * value)];
        for (var i = 1; i < n; i++)
        {
            var factor = 1 / diagonal[i - 1];
            diagonal[i] -= factor;
            right[i] -= factor * right[i - 1];
        }
        for (var i = n - 1; i >= 0; i--) right[i] = (right[i] - (i < n - 1 ? right[i + 1] : 0)) / diagonal[i];
        return right;
    }

    private static void Clip(double[] volume, VolumeSize size, float[] values, VolumeSize from, int? separate)
    {
        for (var slice = 0; slice < (separate is { } axis ? from[axis] : 1); slice++)
        {
            var own = Places(from).Where(place => separate is null || place.At[separate.Value] == slice).Select(place => values[place.Index]).ToArray();
            foreach (var place in Places(size).Where(place => separate is null || place.At[separate.Value] == slice)) volume[place.Index] = Math.Clamp(volume[place.Index], own.Min(), own.Max());
        }
    }

    private static IEnumerable<(int Index, int[] At)> Places(VolumeSize size) => Enumerable.Range(0, size.Voxels).Select(i => (i, (int[])[i / size.Slice, i / size.X % size.Y, i % size.X]));
}
