namespace UNetFamily;

/// <summary>One way to read the names of a file: which of them are a network's, and what they are called by its project.</summary>
/// <param name="Prefix">What stands in front of the network's names.</param>
/// <param name="Mixture">Where names begin in different ways, the project's name of each; names that are not in it belong to something else.</param>
internal sealed record NameView(string Prefix, IReadOnlyDictionary<string, string>? Mixture = null)
{
    /// <summary>The project's name of an entry; null when it stands beside the network.</summary>
    /// <param name="bare">Its name in the file, without wrappers.</param>
    public string? Official(string bare) =>
        Mixture is not null ? Mixture.GetValueOrDefault(bare) : bare.StartsWith(Prefix, StringComparison.Ordinal) ? bare[Prefix.Length..] : null;
}

/// <summary>
/// Finds a network's names in a file that was written from within something else: frameworks put words in front of all names (<c>model.</c>), wrappers put theirs anywhere
/// (<c>module.</c>, <c>_orig_mod.</c>), and a loss or a score leaves entries of its own beside them.
/// </summary>
internal sealed class NameSearch
{
    // DataParallel; torch.compile; fully sharded training; activation checkpointing; DeepSpeed and Fabric.
    private static readonly string[] Wrappers = ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"];

    private const int LongestName = 1024;

    private readonly HashSet<string> expected;
    private readonly HashSet<string> needed;
    private readonly HashSet<string> firstWords;
    private readonly HashSet<string> wrappers;

    /// <param name="expected">All names that the project may give to the network's entries.</param>
    /// <param name="needed">Those of them without which it isn't whole.</param>
    public NameSearch(IEnumerable<string> expected, IEnumerable<string> needed)
    {
        (this.expected, this.needed) = ([.. expected], [.. needed]);
        var words = this.expected.SelectMany(name => name.Split('.')).ToHashSet();
        wrappers = [.. Wrappers.Where(word => !words.Contains(word))];
        firstWords = [.. this.expected.Select(FirstWord)];
    }

    /// <summary>A name without the words of wrappers, wherever they stand.</summary>
    public string Bare(string name) => wrappers.Any(word => name.Contains(word, StringComparison.Ordinal)) ? string.Join('.', name.Split('.').Where(part => !wrappers.Contains(part))) : name;

    /// <summary>The ways to read names that find the most of the network's, the best first, with how many each finds, and whether it finds the whole network.</summary>
    /// <param name="names">The file's names, without wrappers; each once.</param>
    public IEnumerable<(string Prefix, int Found, bool IsWhole)> Prefixes(IEnumerable<string> names)
    {
        var found = new Dictionary<string, (int All, int Needed)>();
        foreach (var name in names)
            foreach (var start in Starts(name))
                if (name[start..] is var rest && expected.Contains(rest))
                    found[name[..start]] = found.GetValueOrDefault(name[..start]) is var (all, known) ? (all + 1, known + (needed.Contains(rest) ? 1 : 0)) : default;
        return found.OrderByDescending(entry => entry.Value.All).ThenBy(entry => entry.Key.Length).Select(entry => (entry.Key, entry.Value.All, entry.Value.Needed >= needed.Count));
    }

    /// <summary>Reads each name by its longest end that the project knows, for files whose parts begin in different ways; null where two names would be one.</summary>
    /// <param name="names">The file's names, without wrappers.</param>
    public NameView? Mixture(IEnumerable<string> names)
    {
        var (mixture, taken) = (new Dictionary<string, string>(), new HashSet<string>());
        foreach (var name in names)
            if (Starts(name).Select(start => name[start..]).FirstOrDefault(expected.Contains) is { } official && (!mixture.TryAdd(name, official) || !taken.Add(official))) return null;
        return new NameView("", mixture);
    }

    /// <summary>Whether an entry that the network doesn't have begins as its own do, numbers left aside: <c>up5</c> beside <c>up1</c> to <c>up4</c>.</summary>
    public bool IsLikeOwn(string official) => firstWords.Contains(FirstWord(official));

    /// <summary>What stands in a file's name before the network's own, wrappers included, so that it can be given to <see cref="Checkpoint.Open(string, string?)"/>.</summary>
    /// <param name="name">A name in the file.</param>
    /// <param name="prefix">The prefix without wrappers.</param>
    public string InFile(string name, string prefix)
    {
        var (parts, wanted) = (name.Split('.'), prefix.Count(character => character == '.'));
        var taken = 0;
        while (wanted > 0) if (!wrappers.Contains(parts[taken++])) wanted--;
        return string.Join('.', parts[..taken]);
    }

    private static IEnumerable<int> Starts(string name)
    {
        if (name.Length > LongestName) yield break;
        for (var start = 0; start >= 0 && start < name.Length; start = name.IndexOf('.', start) is >= 0 and var dot ? dot + 1 : -1) yield return start;
    }

    private static string FirstWord(string name) => new([.. name.TakeWhile(character => character != '.').Where(character => !char.IsAsciiDigit(character) && character != '_')]);
}
