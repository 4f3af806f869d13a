namespace UNetFamily.NnUNet;

/// <summary>A part of a volume: for each axis the first place and the one behind the last.</summary>
public readonly record struct Box
{
    private readonly ValueList<int> from, to;

    internal Box(ValueList<int> from, ValueList<int> to) => (this.from, this.to) = (from, to);

    /// <summary>The first place on each axis.</summary>
    public ValueList<int> From => from;

    /// <summary>The place behind the last on each axis.</summary>
    public ValueList<int> To => to;

    /// <summary>The sides.</summary>
    public ValueList<int> Sides => [.. from.Zip(to, (first, end) => end - first)];

    /// <summary>The smallest box around everything that isn't 0 in some channel; the whole volume where all is 0.</summary>
    internal static Box OfNonzero(IReadOnlyList<float[]> channels, int[] sides)
    {
        var (rows, lines, length) = (sides[0], sides[1], sides[2]);
        var (first, last) = (new int[rows][], new int[rows][]);
        Parallel.For(0, rows, row =>
        {
            // Of the row: first and last line and place.
            var (low, high) = (new[] { lines, length }, new[] { -1, -1 });
            foreach (var channel in channels)
            {
                for (var line = 0; line < lines; line++)
                {
                    var values = channel.AsSpan((row * lines + line) * length, length);
                    if (values.IndexOfAnyExcept(0f) is not (>= 0 and var place)) continue;
                    (low[0], high[0]) = (Math.Min(low[0], line), Math.Max(high[0], line));
                    (low[1], high[1]) = (Math.Min(low[1], place), Math.Max(high[1], values.LastIndexOfAnyExcept(0f)));
                }
            }
            (first[row], last[row]) = (low, high);
        });
        int[] used = [.. Enumerable.Range(0, rows).Where(row => last[row][0] >= 0)];
        if (used.Length == 0) return new Box([0, 0, 0], [.. sides]);
        return new Box([used[0], used.Min(row => first[row][0]), used.Min(row => first[row][1])], [used[^1] + 1, used.Max(row => last[row][0]) + 1, used.Max(row => last[row][1]) + 1]);
    }

    /// <summary>A copy of the part of a volume.</summary>
    internal T[] Cut<T>(T[] values, int[] sides)
    {
        var (box, (rows, lines, length)) = (this, (Sides[0], Sides[1], Sides[2]));
        var result = new T[rows * lines * length];
        Parallel.For(0, rows, row =>
        {
            for (var line = 0; line < lines; line++)
                values.AsSpan(((row + box.from[0]) * sides[1] + line + box.from[1]) * sides[2] + box.from[2], length).CopyTo(result.AsSpan((row * lines + line) * length));
        });
        return result;
    }
}
