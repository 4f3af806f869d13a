namespace UNetFamily;

/// <summary>The entries of a checkpoint beside those of a module, under the names of one origin.</summary>
internal sealed partial class WeightMatch
{
    // A file with far more tensors than the network, or with names of kilobytes, was not made for it; rules need not be tried on those.
    private const int MostTensorsForEach = 16;
    private const int LongestName = 1024;

    // A sound file has one or two that find so many names; each takes time and memory.
    private const int MostReadings = 32;

    // Finding the nearest name takes time, and nobody reads more hints.
    private const int MostHints = 100;

    // Batches that a norm has seen; what counters of operations leave in every module; what losses and scores are called.
    private const string Counter = "num_batches_tracked";
    private static readonly string[] Counters = ["total_ops", "total_params"];
    private static readonly string[] Bystanders = ["loss", "criterion", "metric"];

    private readonly Checkpoint checkpoint;
    private readonly IReadOnlyDictionary<string, Tensor> state;
    private readonly IReadOnlyList<KeyRule.Drop> heads;
    private readonly Reading reading;
    private readonly Dictionary<TensorEntry, string> officials = [];
    private readonly List<(TensorEntry Source, string Name, Tensor Target)> pairs = [];
    private readonly Dictionary<string, TensorEntry> counterparts = [];
    private readonly Dictionary<string, TensorEntry> folded = [];
    private readonly List<(TensorEntry Alias, TensorEntry First)> aliases = [];
    private readonly List<string> unused = [];
    private readonly List<KeyDifference> differences = [];
    private readonly List<TensorEntry> unexpected = [];
    private readonly List<string> missing = [];

    private WeightMatch(Checkpoint checkpoint, IReadOnlyDictionary<string, Tensor> state, IReadOnlyList<KeyRule.Drop> heads, Reading reading)
    {
        (this.checkpoint, this.state, this.heads, this.reading) = (checkpoint, state, heads, reading);
        Match();
    }

    private int Problems => differences.Count + unexpected.Count + missing.Count;

    private KeyMap? Map => reading.Map;

    /// <summary>The entries whose names, shapes and types match.</summary>
    public IReadOnlyList<(TensorEntry Source, string Name, Tensor Target)> Pairs => pairs;

    /// <summary>The file's entry for each name of the module that has one, whatever its shape and type.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Counterparts => counterparts;

    /// <summary>The file's entries that the module has no name for.</summary>
    public IEnumerable<string> Leftovers => [.. unused, .. unexpected.Select(entry => entry.Name)];

    /// <summary>Where the entries stand in the file: the path to their dictionary, and what is in front of their names.</summary>
    private string Envelope
    {
        get
        {
            var first = reading.Prefix.Length == 0 ? null : reading.Place.Tensors.FirstOrDefault(entry => reading.Official(entry) is not null);
            var inNames = first is null ? "" : reading.Search.InFile(first.Name, reading.Prefix);
            var common = reading.Place.Path == checkpoint.Envelope && inNames.Length > 0 ? checkpoint.Prefix.TrimEnd('.') : "";
            return string.Join('.', new[] { reading.Place.Path, common, inNames }.Where(part => part.Length > 0));
        }
    }

    /// <summary>Whether a pair's bytes in the file are the numbers of the module, so that they can go there directly.</summary>
    public bool IsPlain(TensorEntry source, string name) => source.IsPlain && !folded.ContainsKey(name) && source.Count == state[name].numel();

    /// <summary>Reads an entry of the module in the shape that its kind of layer has.</summary>
    /// <param name="source">The file's entry.</param>
    /// <param name="name">The module's name.</param>
    public Tensor Read(TensorEntry source, string name)
    {
        using var scope = NewDisposeScope();
        var target = state[name].shape;
        var numbers = checkpoint.Read(source, mayRepeat: source.Shape.SequenceEqual(target));
        if (IsCounter(name) && numbers.dim() > 0) numbers = numbers.view(-1)[0];
        if (folded.TryGetValue(name, out var bias)) numbers = numbers.to(ScalarType.Float64).sub(checkpoint.Read(bias).to(ScalarType.Float64));
        if (IsLinearAsConv(source, target)) numbers = numbers.view(target);
        return numbers.MoveToOuterDisposeScope();
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

    public LoadReport Report(string network) => new(checkpoint.FileName, network, Map?.Origin ?? nameof(UNetFamily), Envelope,
        [.. pairs.Select(pair => pair.Name)], [.. folded.Values.Select(entry => entry.Name)], unused, [.. Describe(), .. differences]);

    private void Match()
    {
        var (taken, biases) = (new Dictionary<string, (TensorEntry Entry, bool IsAlias)>(), new List<(TensorEntry Entry, string Mean)>());
        foreach (var entry in reading.Place.Tensors)
        {
            if (reading.Official(entry) is not { } official)
            {
                unused.Add(entry.Name);
                continue;
            }
            officials[entry] = official;
            if (official.Length > LongestName)
            {
                unexpected.Add(entry);
                continue;
            }
            if (Map is not null && Map.IsDropped(official))
            {
                unused.Add(entry.Name);
                continue;
            }
            var (ours, isAlias) = Ours(official);
            if (!state.ContainsKey(ours))
            {
                if (heads.Any(head => head.Matches(ours))) unused.Add(entry.Name);
                else if (Map?.MeanOf(official) is { } mean) biases.Add((entry, Ours(mean).Name));
                else unexpected.Add(entry);
            }
            else if (!taken.TryGetValue(ours, out var other)) taken.Add(ours, (entry, isAlias));
            else if (isAlias) aliases.Add((entry, other.Entry));
            else if (other.IsAlias)
            {
                aliases.Add((other.Entry, entry));
                taken[ours] = (entry, false);
            }
            else Add(KeyProblem.Unexpected, entry.Name, $"{Printable.Of(entry.Name)} and {Printable.Of(other.Entry.Name)} both stand for {ours}.");
        }
        foreach (var (name, stored) in checkpoint.Ties)
            if (reading.View.Official(reading.Search.Bare(name)) is { Length: <= LongestName } official && Ours(official).Name is var ours && state.ContainsKey(ours) && checkpoint.Find(stored) is { } entry)
            {
                taken.TryAdd(ours, (entry, true));
                unexpected.Remove(entry);
            }

        foreach (var (ours, target) in state)
        {
            if (!taken.TryGetValue(ours, out var found))
            {
                if (!IsCounter(ours)) missing.Add(ours);
                continue;
            }
            counterparts.Add(ours, found.Entry);
            if (Fits(found.Entry, ours, target)) pairs.Add((found.Entry, ours, target));
        }
        foreach (var (entry, mean) in biases)
        {
            if (pairs.Any(pair => pair.Name == mean) && entry.Shape.SequenceEqual(state[mean].shape) && entry.Obstacle is null && KindOf(entry.Type.ToScalarType()!.Value) == KindOf(state[mean].dtype)) folded[mean] = entry;
            else unexpected.Add(entry);
        }
        if (missing.Count == 0) SetAside();
    }

    /// <summary>What stands beside a network that is all there: counters, the numbers of losses and scores. What might be a further layer of another network is not set aside.</summary>
    private void SetAside()
    {
        var layers = unexpected.Where(entry => entry.Shape.Count > 1 && entry.Obstacle is null && entry.Type is ElementType.Float16 or ElementType.BFloat16 or ElementType.Float32 or ElementType.Float64)
            .Select(entry => FirstPart(officials[entry])).ToHashSet();
        unused.AddRange(unexpected.Where(StandsBeside).Select(entry => entry.Name));
        unexpected.RemoveAll(StandsBeside);

        bool StandsBeside(TensorEntry entry)
        {
            var official = officials[entry];
            var (first, last) = (FirstPart(official), official[(official.LastIndexOf('.') + 1)..]);
            return Counters.Contains(last) || reading.IsCopy(entry) || !reading.Search.IsLikeOwn(official) && (!layers.Contains(first) || Bystanders.Any(word => first.Contains(word, StringComparison.OrdinalIgnoreCase)));
        }

        static string FirstPart(string name) => name.Split('.', 2)[0];
    }

    private (string Name, bool IsAlias) Ours(string official)
    {
        var first = Map?.ToFirst(official) ?? official;
        return (Map?.Rename(first) ?? first, first != official);
    }

    private bool Fits(TensorEntry entry, string ours, Tensor target)
    {
        var (shape, wanted) = (entry.Shape, target.shape);
        // PyTorch takes the count of batches in whatever type, and also from the time when it had an axis.
        if (IsCounter(ours) && entry.Obstacle is null && entry.Count > 0 && (shape.Count <= 1 || entry.Count == 1)) return true;

        var named = ours == entry.Name ? Printable.Of(entry.Name) : $"{Printable.Of(entry.Name)} (here {ours})";
        if (!shape.SequenceEqual(wanted) && !IsLinearAsConv(entry, wanted))
        {
            Add(KeyProblem.Shape, entry.Name, $"wrong shape: {named} is {Shapes.Text(shape)} in the file and {Shapes.Text(wanted)} in the network.");
            return false;
        }
        if (entry.Oddity is not null)
        {
            Add(KeyProblem.Type, entry.Name, $"wrong type: {named} can't be read. {entry.Oddity}");
            return false;
        }
        if (entry.Type.ToScalarType() is not { } type || KindOf(type) != KindOf(target.dtype))
        {
            Add(KeyProblem.Type, entry.Name, $"wrong type: {named} is of {entry.Type} in the file and {target.dtype} in the network.");
            return false;
        }
        return true;
    }

    private bool IsLinearAsConv(TensorEntry entry, long[] wanted) =>
        Map is not null && officials.TryGetValue(entry, out var official) && Map.IsLinearAsConv(official) && IsWithOnes(entry.Shape, wanted);

    private static bool IsWithOnes(ValueList<long> shape, long[] wanted) => wanted.Length > shape.Count && wanted.SequenceEqual([.. shape, .. Enumerable.Repeat(1L, wanted.Length - shape.Count)]);

    private static bool IsCounter(string ours) => ours == Counter || ours.EndsWith("." + Counter, StringComparison.Ordinal);

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
        var candidates = missing.Select(ours => (Name: Map?.ToOfficial(ours) ?? ours, Shape: state[ours].shape)).ToList();
        foreach (var (i, (ours, candidate)) in missing.Zip(candidates).Index())
        {
            var official = candidate.Name == ours ? "" : $" (there {candidate.Name})";
            var nearest = i >= MostHints ? null : NearestName.Of(candidate, unexpected.Select(entry => (officials[entry], (IReadOnlyList<long>)entry.Shape)));
            yield return new(KeyProblem.Missing, ours, $"missing: {ours}{official} {Shapes.Text(candidate.Shape)}{Hint("the file has", nearest)}.");
        }
        foreach (var (i, entry) in unexpected.Index())
        {
            var nearest = i >= MostHints ? null : NearestName.Of((officials[entry], entry.Shape), candidates.Select(candidate => (candidate.Name, (IReadOnlyList<long>)candidate.Shape)));
            yield return new(KeyProblem.Unexpected, entry.Name, $"unexpected: {Printable.Of(entry.Name)} {Shapes.Text(entry.Shape)}{Hint("missing is", nearest)}.");
        }

        static string Hint(string what, (string Name, IReadOnlyList<long> Shape)? nearest) =>
            nearest is var (name, shape) ? $"; {what} {Printable.Of(name)} {Shapes.Text(shape)}" : "";
    }

    private void Add(KeyProblem problem, string name, string text) => differences.Add(new KeyDifference(problem, name, text));
}
