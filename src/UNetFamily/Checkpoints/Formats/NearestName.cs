namespace UNetFamily;

/// <summary>Finds which name was probably meant.</summary>
internal static class NearestName
{
    // A file may have a million names; a message needs no more than this.
    private const int MostCandidates = 500;
    private const int LongestName = 100;

    /// <summary>The candidate whose name takes the fewest changes, those of the same shape first; null when none is near.</summary>
    public static (string Name, IReadOnlyList<long> Shape)? Of((string Name, IReadOnlyList<long> Shape) wanted, IEnumerable<(string Name, IReadOnlyList<long> Shape)> candidates)
    {
        (string Name, IReadOnlyList<long> Shape)? nearest = null;
        var least = double.MaxValue;
        foreach (var candidate in candidates.Take(MostCandidates))
        {
            var changes = Changes(Cut(wanted.Name), Cut(candidate.Name)) / (double)Math.Max(wanted.Name.Length, candidate.Name.Length);
            var distance = changes + (wanted.Shape.SequenceEqual(candidate.Shape) ? 0 : 0.5);
            if (distance < least && distance < 0.75) (nearest, least) = (candidate, distance);
        }
        return nearest;
    }

    private static ReadOnlySpan<char> Cut(string name) => name.Length > LongestName ? name.AsSpan(name.Length - LongestName) : name;

    /// <summary>How many characters have to be put in, taken out or replaced (Levenshtein).</summary>
    public static int Changes(ReadOnlySpan<char> from, ReadOnlySpan<char> to)
    {
        Span<int> row = stackalloc int[to.Length + 1];
        for (var j = 0; j <= to.Length; j++) row[j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
