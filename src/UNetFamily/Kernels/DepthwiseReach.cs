namespace UNetFamily;

/// <summary>What reaches the positions of an axis of a result.</summary>
internal sealed class DepthwiseReach
{
    /// <summary>Positions that are computed at once, so that a weight is read once for all of them.</summary>
    public const int Together = 8;

    /// <summary>Finds which positions are alike.</summary>
    /// <param name="sources">For each position the inputs that reach it, and through which place of the kernel.</param>
    /// <param name="pitch">The distance of positions that are reached through the same places, but for the ends of the axis.</param>
    /// <param name="step">How much further the inputs lie that reach the next of these.</param>
    public DepthwiseReach((int Input, int Tap)[][] sources, int pitch, int step)
    {
        (Sources, Pitch, Step) = (sources, pitch, step);
        Groups = [.. Enumerable.Range(0, Math.Min(pitch, Length)).SelectMany(Grouped)];
    }

    /// <summary>The axis that images lack.</summary>
    public static DepthwiseReach OfSlice { get; } = new([[(0, 0)]], 1, 1);

    /// <summary>For each position the inputs that reach it, and through which place of the kernel.</summary>
    public (int Input, int Tap)[][] Sources { get; }

    /// <summary>The distance of positions in a group.</summary>
    public int Pitch { get; }

    /// <summary>The distance of the inputs that reach neighbours in a group through one place.</summary>
    public int Step { get; }

    /// <summary>All positions, in groups that are reached through the same places.</summary>
    public DepthwiseGroup[] Groups { get; }

    /// <summary>How many positions there are.</summary>
    public int Length => Sources.Length;

    /// <summary>The way back: which positions each input reaches. An input that padding repeats reaches a position through several places.</summary>
    /// <param name="inputs">How many inputs there are.</param>
    public DepthwiseReach Back(int inputs)
    {
        var reached = Enumerable.Range(0, inputs).Select(_ => new List<(int, int)>()).ToArray();
        for (var position = 0; position < Length; position++)
            foreach (var (input, tap) in Sources[position]) reached[input].Add((position, tap));
        return new([.. reached.Select(positions => positions.ToArray())], Step, Pitch);
    }

    private IEnumerable<DepthwiseGroup> Grouped(int phase)
    {
        for (int start = phase, end; start < Length; start = end)
        {
            for (end = start + Pitch; end < Length && AreAlike(end - Pitch, end);) end += Pitch;
            var count = (end - start) / Pitch;
            if (count < Together)
            {
                for (var i = 0; i < count; i++) yield return new DepthwiseGroup(start + (i * Pitch), IsFull: false, 0);
                continue;
            }
            // The last are computed with some before them once more.
            for (int i = 0, first; i < count; i = first + Together)
            {
                first = Math.Min(i, count - Together);
                yield return new DepthwiseGroup(start + (first * Pitch), IsFull: true, i - first);
            }
        }
    }

    private bool AreAlike(int position, int next) => Sources[position].Select(source => (source.Input + Step, source.Tap)).SequenceEqual(Sources[next]);
}

/// <summary>Positions that are computed at once.</summary>
/// <param name="First">The first.</param>
/// <param name="IsFull">Whether there are <see cref="DepthwiseReach.Together"/>, each <see cref="DepthwiseReach.Pitch"/> further; else it is one.</param>
/// <param name="Done">How many of the first ones were in the group before.</param>
internal readonly record struct DepthwiseGroup(int First, bool IsFull, int Done);

/// <summary>The lines of a map, along its last axis, that reach a line of a result.</summary>
internal readonly struct DepthwiseLines
{
    /// <summary>Finds them.</summary>
    /// <param name="depths">What reaches the line on the first axis.</param>
    /// <param name="rows">What reaches it on the second.</param>
    /// <param name="sides">The sides of the map.</param>
    /// <param name="kernel">Those of the kernel.</param>
    /// <param name="channels">The channels of both.</param>
    public DepthwiseLines((int Input, int Tap)[] depths, (int Input, int Tap)[] rows, int[] sides, int[] kernel, int channels)
    {
        (Starts, Taps) = (new nint[depths.Length * rows.Length], new int[depths.Length * rows.Length]);
        var line = 0;
        foreach (var depth in depths)
        {
            foreach (var row in rows)
            {
                Starts[line] = (((nint)depth.Input * sides[1]) + row.Input) * sides[2] * channels;
                Taps[line++] = ((depth.Tap * kernel[1]) + row.Tap) * kernel[2] * channels;
            }
        }
    }

    /// <summary>Where each begins in the map.</summary>
    public nint[] Starts { get; }

    /// <summary>Where the weights begin that each meets.</summary>
    public int[] Taps { get; }

    /// <summary>How many there are.</summary>
    public int Length => Starts.Length;
}
