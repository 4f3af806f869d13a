using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>Depthwise convolutions and their gradients, channel by channel, in float32: libtorch computes the gradients by kernels for other convolutions, which take up to fifty times as long.</summary>
/// <param name="grid">Where the maps lie.</param>
internal sealed unsafe class DepthwiseKernel(DepthwiseGrid grid)
{
    // Sums that are made at once: as many as registers hold.
    private const int Vectors = 4;
    private const int Group = 8;

    // What vectors may read and write behind the last number.
    private const int Slack = Vectors * 16;

    /// <summary>Whether this machine has vectors for it.</summary>
    public static bool IsFast => Vector256.IsHardwareAccelerated;

    /// <summary>A convolution; the gradient of what a transposed one takes.</summary>
    /// <param name="large">(D, H, W) of one channel.</param>
    /// <param name="weights">Of the taps.</param>
    /// <param name="bias">Added to each number.</param>
    /// <param name="small">(D, H, W), which is written.</param>
    public void Gather(float* large, float* weights, float bias, float* small)
    {
        var (part, sides) = (grid.Part, grid.Small);
        var count = ((sides[1] - 1) * part[2]) + sides[2];
        using var parts = new Scratch((grid.Parts.Length * Volume(part)) + Slack);
        using var plane = new Scratch(count + Slack);
        var taps = stackalloc Weighed[grid.Taps.Length];
        for (var tap = 0; tap < grid.Taps.Length; tap++) taps[tap] = new(grid.Taps[tap].FromSmall, weights[tap]);
        TakeApart(large, parts.Start);
        for (var z = 0; z < sides[0]; z++)
        {
            Correlate(parts.Start + (z * part[1] * part[2]), taps, grid.Taps.Length, bias, plane.Start, count);
            for (var y = 0; y < sides[1]; y++, small += sides[2]) Copy(plane.Start + (y * part[2]), small, sides[2]);
        }
    }

    /// <summary>A transposed convolution; the gradient of what a convolution takes.</summary>
    /// <param name="small">(D, H, W) of one channel.</param>
    /// <param name="weights">Of the taps.</param>
    /// <param name="bias">Added to each number, of a map without repeated positions.</param>
    /// <param name="large">(D, H, W), which is written.</param>
    public void Spread(float* small, float* weights, float bias, float* large)
    {
        var (part, padded, sides) = (grid.Part, grid.Padded, grid.Large);
        var count = ((part[1] - 1) * padded[2]) + part[2];
        using var source = new Scratch(Volume(padded) + Slack);
        using var plane = new Scratch(count + Slack);
        var taps = stackalloc Weighed[grid.Taps.Length];
        Pad(small, source.Start);
        if (grid.Repeats) new Span<float>(large, Volume(sides)).Clear();
        for (var number = 0; number < grid.Parts.Length; number++)
        {
            var used = 0;
            for (var tap = 0; tap < grid.Taps.Length; tap++)
                if (grid.Taps[tap].Part == number) taps[used++] = new(grid.Taps[tap].FromLarge, weights[tap]);
            var (depths, rows, columns) = (grid.Parts[number][0].Sources, grid.Parts[number][1].Sources, grid.Parts[number][2]);
            for (var z = 0; z < part[0]; z++)
            {
                if (depths[z] < 0) continue;
                Correlate(source.Start + (z * padded[1] * padded[2]), taps, used, bias, plane.Start, count);
                for (var y = 0; y < part[1]; y++)
                    if (rows[y] >= 0) Put(plane.Start + (y * padded[2]), large + Row(depths[z], rows[y]), columns);
            }
        }
    }

    /// <summary>Adds the gradients of the weights by one sample of a channel.</summary>
    /// <param name="large">(D, H, W): what a convolution took, or the gradient of what a transposed one gave.</param>
    /// <param name="small">(D, H, W): the gradient of what a convolution gave, or what a transposed one took.</param>
    /// <param name="sums">Of the taps.</param>
    public void AddWeightGradients(float* large, float* small, double* sums)
    {
        var (part, sides) = (grid.Part, grid.Small);
        var count = ((sides[1] - 1) * part[2]) + sides[2];
        using var parts = new Scratch((grid.Parts.Length * Volume(part)) + Slack);
        using var plane = new Scratch(count + Slack);
        TakeApart(large, parts.Start);
        new Span<float>(plane.Start, count + Slack).Clear();
        var offsets = stackalloc int[Group];
        for (var z = 0; z < sides[0]; z++)
        {
            for (var y = 0; y < sides[1]; y++, small += sides[2]) Copy(small, plane.Start + (y * part[2]), sides[2]);
            var there = parts.Start + (z * part[1] * part[2]);
            for (var first = 0; first < grid.Taps.Length; first += Group)
            {
                var taken = Math.Min(Group, grid.Taps.Length - first);
                // A group that isn't full repeats its last tap.
                for (var tap = 0; tap < Group; tap++) offsets[tap] = grid.Taps[first + Math.Min(tap, taken - 1)].FromSmall;
                AddDots(plane.Start, there, offsets, count, sums + first, taken);
            }
        }
    }

    // (taps) -> each number of a stretch is the weighed sum of those at the taps' distances.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Correlate(float* source, Weighed* taps, int used, float bias, float* result, int count)
    {
        var lanes = Vector256<float>.Count;
        var shift = Vector256.Create(bias);
        for (var at = 0; at < count; at += Vectors * lanes)
        {
            var (a, b, c, d) = (shift, shift, shift, shift);
            for (var tap = 0; tap < used; tap++)
            {
                var weight = Vector256.Create(taps[tap].Weight);
                var from = source + at + taps[tap].Offset;
                a = Vector256.FusedMultiplyAdd(Vector256.Load(from), weight, a);
                b = Vector256.FusedMultiplyAdd(Vector256.Load(from + lanes), weight, b);
                c = Vector256.FusedMultiplyAdd(Vector256.Load(from + (2 * lanes)), weight, c);
                d = Vector256.FusedMultiplyAdd(Vector256.Load(from + (3 * lanes)), weight, d);
            }
            a.Store(result + at);
            b.Store(result + at + lanes);
            c.Store(result + at + (2 * lanes));
            d.Store(result + at + (3 * lanes));
        }
    }

    // Products of a stretch with another at eight distances.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddDots(float* first, float* second, int* offsets, int count, double* sums, int taken)
    {
        float* s0 = second + offsets[0], s1 = second + offsets[1], s2 = second + offsets[2], s3 = second + offsets[3], s4 = second + offsets[4], s5 = second + offsets[5], s6 = second + offsets[6], s7 = second + offsets[7];
        Vector256<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        for (var at = 0; at < count; at += Vector256<float>.Count)
        {
            var number = Vector256.Load(first + at);
            a = Vector256.FusedMultiplyAdd(Vector256.Load(s0 + at), number, a);
            b = Vector256.FusedMultiplyAdd(Vector256.Load(s1 + at), number, b);
            c = Vector256.FusedMultiplyAdd(Vector256.Load(s2 + at), number, c);
            d = Vector256.FusedMultiplyAdd(Vector256.Load(s3 + at), number, d);
            e = Vector256.FusedMultiplyAdd(Vector256.Load(s4 + at), number, e);
            f = Vector256.FusedMultiplyAdd(Vector256.Load(s5 + at), number, f);
            g = Vector256.FusedMultiplyAdd(Vector256.Load(s6 + at), number, g);
            h = Vector256.FusedMultiplyAdd(Vector256.Load(s7 + at), number, h);
        }
        var totals = stackalloc float[] { Vector256.Sum(a), Vector256.Sum(b), Vector256.Sum(c), Vector256.Sum(d), Vector256.Sum(e), Vector256.Sum(f), Vector256.Sum(g), Vector256.Sum(h) };
        for (var tap = 0; tap < taken; tap++) sums[tap] += totals[tap];
    }

    private void TakeApart(float* large, float* parts)
    {
        var part = grid.Part;
        new Span<float>(parts, (grid.Parts.Length * Volume(part)) + Slack).Clear();
        foreach (var axes in grid.Parts)
        {
            var (depths, rows, columns) = (axes[0].Sources, axes[1].Sources, axes[2]);
            for (var z = 0; z < part[0]; z++)
            {
                for (var y = 0; y < part[1]; y++)
                    if (depths[z] >= 0 && rows[y] >= 0) Take(large + Row(depths[z], rows[y]), parts + (((z * part[1]) + y) * part[2]), columns);
            }
            parts += Volume(part);
        }
    }

    private void Pad(float* small, float* padded)
    {
        var (sides, to, margin) = (grid.Small, grid.Padded, grid.Margin);
        new Span<float>(padded, Volume(to) + Slack).Clear();
        for (var z = 0; z < sides[0]; z++)
            for (var y = 0; y < sides[1]; y++, small += sides[2])
                Copy(small, padded + ((((z + margin[0]) * to[1]) + y + margin[1]) * to[2]) + margin[2], sides[2]);
    }

    private nint Row(int depth, int row) => (((nint)depth * grid.Large[1]) + row) * grid.Large[2];

    // A row of the large map to its part.
    private void Take(float* row, float* part, DepthwiseLine line)
    {
        if (line.Step == 1) Copy(row, part + line.First, line.End - line.First);
        else for (int at = line.First, from = line.Sources.Length > at ? line.Sources[at] : 0; at < line.End; at++, from += line.Step) part[at] = row[from];
        if (!grid.Repeats) return;
        for (var at = line.First > 0 ? 0 : line.End; at < line.Sources.Length; at = at == line.First - 1 ? line.End : at + 1)
            if (line.Sources[at] >= 0) part[at] = row[line.Sources[at]];
    }

    // A row of a part to the large map, where what stands there several times is added.
    private void Put(float* part, float* row, DepthwiseLine line)
    {
        if (!grid.Repeats && line.Step == 1) Copy(part + line.First, row, line.End - line.First);
        else if (line.Step == 1) Add(part + line.First, row, line.End - line.First);
        else for (int at = line.First, to = line.Sources.Length > at ? line.Sources[at] : 0; at < line.End; at++, to += line.Step) row[to] = grid.Repeats ? row[to] + part[at] : part[at];
        if (!grid.Repeats) return;
        for (var at = line.First > 0 ? 0 : line.End; at < line.Sources.Length; at = at == line.First - 1 ? line.End : at + 1)
            if (line.Sources[at] >= 0) row[line.Sources[at]] += part[at];
    }

    private static void Add(float* from, float* to, int count)
    {
        var at = 0;
        for (; at <= count - Vector256<float>.Count; at += Vector256<float>.Count) (Vector256.Load(to + at) + Vector256.Load(from + at)).Store(to + at);
        for (; at < count; at++) to[at] += from[at];
    }

    private static void Copy(float* from, float* to, int count) => new Span<float>(from, count).CopyTo(new Span<float>(to, count));

    private static int Volume(int[] sides) => sides[0] * sides[1] * sides[2];

    /// <summary>A tap with its weight.</summary>
    private readonly record struct Weighed(int Offset, float Weight);

    /// <summary>Numbers for the time of a call.</summary>
    private readonly ref struct Scratch
    {
        private readonly float[] rented;
        private readonly MemoryHandle pinned;

        public Scratch(int count)
        {
            rented = ArrayPool<float>.Shared.Rent(count);
            pinned = rented.AsMemory().Pin();
            Start = (float*)pinned.Pointer;
        }

        public float* Start { get; }

        public void Dispose()
        {
            pinned.Dispose();
            ArrayPool<float>.Shared.Return(rented);
        }
    }
}
