namespace UNetFamily.NnUNet;

/// <summary>Connected parts of a volume, in which also neighbours over edges and corners count (26 in a volume, 8 in an image).</summary>
internal static class LargestComponents
{
    /// <summary>Sets to a label what doesn't belong to the largest part; parts of one size are all kept.</summary>
    /// <param name="labels">The volume, which is changed.</param>
    /// <param name="size">Its size.</param>
    /// <param name="of">Which labels are looked at, as one.</param>
    /// <param name="background">What the rest becomes.</param>
    public static void Keep(ushort[] labels, VolumeSize size, IReadOnlySet<int> of, ushort background)
    {
        var isOf = new bool[ushort.MaxValue + 1];
        foreach (var label in of) isOf[label] = true;
        var mask = Array.ConvertAll(labels, label => isOf[label]);
        var component = new int[labels.Length];
        List<int> sizes = [0];
        var open = new Stack<int>();
        for (var seed = 0; seed < labels.Length; seed++)
        {
            if (!mask[seed] || component[seed] != 0) continue;
            sizes.Add(0);
            Enter(seed);
            while (open.TryPop(out var place)) Around(place);
        }
        if (sizes.Count < 3) return;
        var most = sizes.Max();
        for (var place = 0; place < labels.Length; place++)
            if (mask[place] && sizes[component[place]] < most) labels[place] = background;

        void Enter(int place)
        {
            component[place] = sizes.Count - 1;
            sizes[^1]++;
            open.Push(place);
        }

        void Around(int place)
        {
            var (z, y, x) = (place / size.Slice, place / size.X % size.Y, place % size.X);
            for (var row = Math.Max(z - 1, 0); row <= Math.Min(z + 1, size.Z - 1); row++)
                for (var line = Math.Max(y - 1, 0); line <= Math.Min(y + 1, size.Y - 1); line++)
                    for (var column = Math.Max(x - 1, 0); column <= Math.Min(x + 1, size.X - 1); column++)
                    {
                        var next = (row * size.Y + line) * size.X + column;
                        if (mask[next] && component[next] == 0) Enter(next);
                    }
        }
    }
}
