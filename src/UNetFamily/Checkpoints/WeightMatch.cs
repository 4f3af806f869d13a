namespace UNetFamily;

/// <summary>The entries of a checkpoint beside those of a module, under the names of one origin.</summary>
internal sealed class WeightMatch
{
    // A file with far more tensors than the network, or with names of kilobytes, was not made for it; rules need not be tried on those.
    private const int MostTensorsForEach = 16;
    private const int LongestName = 1024;

    // Finding the nearest name takes time, and nobody reads more hints.
    private const int MostHints = 100;

    private readonly Checkpoint checkpoint;
    private readonly IReadOnlyDictionary<string, Tensor> state;
    private readonly KeyMap? map;
    private readonly string prefix;
    private readonly List<(TensorEntry Source, string Name, Tensor Target)> pairs = [];
    private readonly Dictionary<string, TensorEntry> counterparts = [];
    private readonly List<(TensorEntry Alias, TensorEntry First)> aliases = [];
    private readonly List<string> unused = [];
    private readonly List<KeyDifference> differences = [];
    private readonly List<TensorEntry> unexpected = [];
    private readonly List<string> missing = [];

    private WeightMatch(Checkpoint checkpoint, IReadOnlyDictionary<string, Tensor> state, KeyMap? map, string prefix)
    {
        (this.checkpoint, this.state, this.map, this.prefix) = (checkpoint, state, map, prefix);
        Match();
    }

    private int Problems => differences.Count + unexpected.Count + missing.Count;

    /// <summary>The entries whose names, shapes and types match.</summary>
    public IReadOnlyList<(TensorEntry Source, string Name, Tensor Target)> Pairs => pairs;

    /// <summary>The file's entry for each name of the module that has one, whatever its shape and type.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Counterparts => counterparts;

    /// <summary>The file's entries that the module has no name for.</summary>
    public IEnumerable<string> Leftovers => [.. unused, .. unexpected.Select(entry => entry.Name)];

    /// <summary>Reads an entry in the shape that the module's kind of layer has.</summary>
    public Tensor Read(TensorEntry entry, Tensor target)
    {
        using var numbers = checkpoint.Read(entry);
        return map is not null && map.IsLinearAsConv(entry.Name[prefix.Length..]) && IsWithOnes(entry.Shape, target.shape) ? numbers.view(target.shape) : numbers.alias();
    }

    /// <summary>
    /// The match under our own names or those of a map: the first that has no problems, or the one that has the fewest. Where all names begin with one
    /// word (<c>net.</c> of a training framework), it is tried without it, too.
    /// </summary>
    public static WeightMatch Best(Checkpoint checkpoint, nn.Module module, IEnumerable<KeyMap?> maps)
    {
        var state = module.state_dict();
        if (checkpoint.Tensors.Count > MostTensorsForEach * (state.Count + 100L))
            throw checkpoint.Fail(null, $"The file has {checkpoint.Tensors.Count} tensors, and the network {state.Count}.");
        WeightMatch? best = null;
        foreach (var prefix in new[] { "", FirstWord(checkpoint) }.Distinct())
            foreach (var map in maps)
            {
                var match = new WeightMatch(checkpoint, state, map, prefix);
                if (match.Problems == 0) return match;
                if (best is null || match.Problems < best.Problems) best = match;
            }
        return best ?? throw new ArgumentException("There is no map to match names by.", nameof(maps));
    }

    /// <summary>Looks at the numbers of those entries that should be one tensor under two names, and are stored twice.</summary>
    public void CompareAliases()
    {
        foreach (var (alias, first) in aliases)
        {
            if (alias.IsSameData(first)) continue;
            if (!alias.Shape.Equals(first.Shape) || alias.Type != first.Type || !checkpoint.HaveSameNumbers(alias, first))
                Add(KeyProblem.Alias, alias.Name, $"{Printable.Of(alias.Name)} should be a second name of {Printable.Of(first.Name)}, and holds other numbers.");
        }
    }

    public LoadReport Report(string network) => new(checkpoint.FileName, network, map?.Origin ?? nameof(UNetFamily), [.. pairs.Select(pair => pair.Name)], unused, [.. Describe(), .. differences]);

    private void Match()
    {
        var taken = new Dictionary<string, (TensorEntry Entry, bool IsAlias)>();
        foreach (var entry in checkpoint.Tensors)
        {
            var official = entry.Name[prefix.Length..];
            if (official.Length > LongestName)
            {
                unexpected.Add(entry);
                continue;
            }
            if (map is not null && map.IsDropped(official))
            {
                unused.Add(entry.Name);
                continue;
            }
            var first = map?.ToFirst(official) ?? official;
            var (ours, isAlias) = (map?.Rename(first) ?? first, first != official);
            if (!state.ContainsKey(ours)) unexpected.Add(entry);
            else if (!taken.TryGetValue(ours, out var other)) taken.Add(ours, (entry, isAlias));
            else if (isAlias) aliases.Add((entry, other.Entry));
            else if (other.IsAlias)
            {
                aliases.Add((other.Entry, entry));
                taken[ours] = (entry, false);
            }
            else Add(KeyProblem.Unexpected, entry.Name, $"{Printable.Of(entry.Name)} and {Printable.Of(other.Entry.Name)} both stand for {ours}.");
        }
        foreach (var (ours, target) in state)
        {
            if (!taken.TryGetValue(ours, out var found))
            {
                missing.Add(ours);
                continue;
            }
            counterparts.Add(ours, found.Entry);
            if (Fits(found.Entry, ours, target)) pairs.Add((found.Entry, ours, target));
        }
    }

    private bool Fits(TensorEntry entry, string ours, Tensor target)
    {
        var (shape, wanted) = (entry.Shape, target.shape);
        var named = prefix + ours == entry.Name ? Printable.Of(entry.Name) : $"{Printable.Of(entry.Name)} (here {ours})";
        if (!shape.SequenceEqual(wanted) && !(map is not null && map.IsLinearAsConv(entry.Name[prefix.Length..]) && IsWithOnes(shape, wanted)))
        {
            Add(KeyProblem.Shape, entry.Name, $"wrong shape: {named} is {Shapes.Text(shape)} in the file and {Shapes.Text(wanted)} in the network.");
            return false;
        }
        if (entry.Strides is not null && entry.Count > entry.Room)
        {
            Add(KeyProblem.Shape, entry.Name, $"wrong shape: {named} repeats numbers of its storage; save it with .contiguous().");
            return false;
        }
        if (entry.Type.ToScalarType() is not { } type || KindOf(type) != KindOf(target.dtype))
        {
            Add(KeyProblem.Type, entry.Name, $"wrong type: {named} is of {entry.Type} in the file and {target.dtype} in the network.");
            return false;
        }
        return true;
    }

    private static bool IsWithOnes(ValueList<long> shape, long[] wanted) => wanted.Length > shape.Count && wanted.SequenceEqual([.. shape, .. Enumerable.Repeat(1L, wanted.Length - shape.Count)]);

    // Fractions become fractions of another size, and counts counts; one never becomes the other.
    private static int KindOf(ScalarType type) => type switch
    {
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64 => 0,
        ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64 => 1,
        ScalarType.Bool => 2,
        _ => 3,
    };

    private IEnumerable<KeyDifference> Describe()
    {
        var candidates = missing.Select(ours => (Name: map?.ToOfficial(ours) ?? ours, Shape: state[ours].shape)).ToList();
        foreach (var (i, (ours, candidate)) in missing.Zip(candidates).Index())
        {
            var official = candidate.Name == ours ? "" : $" (there {candidate.Name})";
            var nearest = i >= MostHints ? null : NearestName.Of(candidate, unexpected.Select(entry => (entry.Name[prefix.Length..], (IReadOnlyList<long>)entry.Shape)));
            yield return new(KeyProblem.Missing, ours, $"missing: {ours}{official} {Shapes.Text(candidate.Shape)}{Hint("the file has", nearest)}.");
        }
        foreach (var (i, entry) in unexpected.Index())
        {
            var nearest = i >= MostHints ? null : NearestName.Of((entry.Name[prefix.Length..], entry.Shape), candidates.Select(candidate => (candidate.Name, (IReadOnlyList<long>)candidate.Shape)));
            yield return new(KeyProblem.Unexpected, entry.Name, $"unexpected: {Printable.Of(entry.Name)} {Shapes.Text(entry.Shape)}{Hint("missing is", nearest)}.");
        }

        static string Hint(string what, (string Name, IReadOnlyList<long> Shape)? nearest) =>
            nearest is var (name, shape) ? $"; {what} {Printable.Of(name)} {Shapes.Text(shape)}" : "";
    }

    private static string FirstWord(Checkpoint checkpoint)
    {
        var first = checkpoint.Tensors.Count > 0 ? checkpoint.Tensors[0].Name : "";
        var word = first[..(first.IndexOf('.', StringComparison.Ordinal) + 1)];
        return checkpoint.Tensors.All(tensor => tensor.Name.StartsWith(word, StringComparison.Ordinal)) ? word : "";
    }

    private void Add(KeyProblem problem, string name, string text) => differences.Add(new KeyDifference(problem, name, text));
}
