using System.Numerics;
using System.Runtime.InteropServices;

namespace UNetFamily;

/// <summary>Sums of weighted windows in plain memory, see <see cref="RowRing"/>.</summary>
/// <param name="grid">Where windows lie.</param>
/// <param name="classes">How many classes there are.</param>
/// <param name="map">How much each place of a window counts, (…window); null for all alike.</param>
/// <param name="weighted">Whether means are wanted, and not the sums themselves.</param>
/// <param name="finish">Takes finished rows.</param>
internal sealed class PlainSums(WindowGrid grid, long classes, float[]? map, bool weighted, PlainSums.Finished finish) : RowRing(grid)
{
    // An image is a volume of one line in each row.
    private readonly int lines = grid.Image.Length == 3 ? (int)grid.Image[1] : 1, width = (int)grid.Image[^1];
    private readonly int windowLines = grid.Window.Length == 3 ? (int)grid.Window[1] : 1, windowWidth = (int)grid.Window[^1];

    // (classes, and the weights as one more, rows, lines, width)
    private readonly float[] sums = new float[checked((classes + (weighted ? 1 : 0)) * Rows(grid) * grid.Image[1..].Elements())];

    private readonly float[] ones = [.. Enumerable.Repeat(1f, (int)grid.Window[^1])];

    /// <summary>Takes finished rows.</summary>
    /// <param name="row">The first.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="channel">The sums or means of a channel, valid during the call.</param>
    public delegate void Finished(long row, long count, ChannelArgmax.ChannelOf channel);

    private int PerRow => lines * width;

    private int PerChannel => (int)Rows(Grid) * PerRow;

    /// <summary>Adds a window. Windows come in the order of the Grid.</summary>
    /// <param name="start">Where it starts, from <see cref="WindowGrid.StartOf"/>.</param>
    /// <param name="logits">(classes, …window).</param>
    public void Add(long[] start, ReadOnlyMemory<float> logits)
    {
        var (firstPlace, place, places) = Inside(start.Length - 1, start[^1]);
        var (firstLine, line, linesInside) = start.Length == 3 ? Inside(1, start[1]) : (0, 0, 1);
        var perClass = (int)Grid.Window.Elements();
        AddRows(0, start[0], (slot, firstRow, count) =>
        {
            var numbers = logits.Span;
            for (var c = 0; c < sums.Length / PerChannel; c++)
                for (var r = 0; r < count; r++)
                    for (var l = 0; l < linesInside; l++)
                    {
                        var target = sums.AsSpan((c * PerChannel) + (((int)slot + r) * PerRow) + ((line + l) * width) + place, places);
                        var inWindow = ((((int)firstRow + r) * windowLines) + firstLine + l) * windowWidth + firstPlace;
                        var weights = map is null ? c < classes ? default : ones.AsSpan(0, places) : map.AsSpan(inWindow, places);
                        if (c < classes) AddLine(target, numbers.Slice((c * perClass) + inWindow, places), weights);
                        else AddLine(target, weights, weights: default);
                    }
        });
    }

    /// <inheritdoc/>
    protected override void HandOut(long image, long slot, long row, long count)
    {
        var (start, length) = ((int)slot * PerRow, (int)count * PerRow);
        for (var c = 0; c < classes; c++)
        {
            var numbers = sums.AsSpan((c * PerChannel) + start, length);
            if (weighted) Divide(numbers, sums.AsSpan(((int)classes * PerChannel) + start, length));
            if (PlainReader.FirstNonFinite(numbers) is var found and >= 0)
            {
                var place = PlainReader.Place(found, [count, .. Grid.Image[1..]]);
                place[0] += row;
                throw new NotFiniteNumberException($"image is finite, but the logit of class {c} at ({string.Join(", ", place)}) is not.", numbers[found]);
            }
        }
        finish(row, count, channel => sums.AsSpan(((int)channel * PerChannel) + start, length));
        for (var c = 0; c < sums.Length / PerChannel; c++) sums.AsSpan((c * PerChannel) + start, length).Clear();
    }

    private (int InWindow, int InImage, int Length) Inside(int axis, long start)
    {
        var (inWindow, inImage, length) = Grid.Inside(axis, start);
        return ((int)inWindow, (int)inImage, (int)length);
    }

    private static void AddLine(Span<float> target, ReadOnlySpan<float> numbers, ReadOnlySpan<float> weights)
    {
        var sums = MemoryMarshal.Cast<float, Vector<float>>(target);
        var terms = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        var factors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        for (var i = 0; i < sums.Length; i++) sums[i] += weights.IsEmpty ? terms[i] : terms[i] * factors[i];
        for (var i = sums.Length * Vector<float>.Count; i < target.Length; i++) target[i] += weights.IsEmpty ? numbers[i] : numbers[i] * weights[i];
    }

    private static void Divide(Span<float> numbers, ReadOnlySpan<float> by)
    {
        var quotients = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        var divisors = MemoryMarshal.Cast<float, Vector<float>>(by);
        for (var i = 0; i < quotients.Length; i++) quotients[i] /= divisors[i];
        for (var i = quotients.Length * Vector<float>.Count; i < numbers.Length; i++) numbers[i] /= by[i];
    }
}
