namespace UNetFamily;

/// <content>Under which names, and which part of a file, the weights are looked for.</content>
internal sealed partial class WeightMatch
{
    /// <summary>
    /// The match under our own names or those of a map that has no problems, or the one that finds the most; in whichever part of the file, behind whichever words the network's names stand.
    /// </summary>
    /// <exception cref="CheckpointException">Several parts of the file hold all that the network has, with different numbers, and the user has to choose.</exception>
    public static WeightMatch Best(Checkpoint checkpoint, nn.Module module, IEnumerable<KeyMap?> maps)
    {
        var state = module.state_dict();
        if (checkpoint.Tensors.Count > Most(state)) throw checkpoint.Fail(null, $"The file has {checkpoint.Tensors.Count} tensors, and the network {state.Count}.");
        var heads = (module as SegmentationModel)?.Options.OptionalHeads ?? [];
        WeightMatch[] matches = [.. Readings(checkpoint, state, maps).Select(reading => new WeightMatch(checkpoint, state, heads, reading))];
        if (matches.Length == 0) throw new ArgumentException("There is no map to match names by.", nameof(maps));

        WeightMatch[] whole = [.. matches.Where(match => match.Problems == 0).DistinctBy(match => (match.reading.Place, match.reading.Prefix))];
        // A choice of the user's means the names as they stand there.
        if (checkpoint.IsChosen && Array.Find(whole, match => match.reading.Prefix.Length == 0) is { } chosen) return chosen;
        if (whole.Skip(1).Any(other => !other.HasNumbersOf(whole[0])))
        {
            string[] places = [.. whole.Select(match => Printable.Of(match.Envelope))];
            throw checkpoint.Fail(null, $"{places.Length} sets of weights in it fit {module.GetName()}: '{string.Join("' and '", places)}'. Say which to take: {nameof(Checkpoint)}.{nameof(Checkpoint.Open)}(path, \"{places[0]}\").");
        }
        return whole.FirstOrDefault() ?? matches.MinBy(match => (-match.pairs.Count, match.Problems))!;
    }

    private static long Most(Dictionary<string, Tensor> state) => MostTensorsForEach * (state.Count + 100L);

    /// <summary>The readings that find the most names: those that find half as many as the best, so that a few have to be tried in full.</summary>
    private static IReadOnlyList<Reading> Readings(Checkpoint checkpoint, Dictionary<string, Tensor> state, IEnumerable<KeyMap?> maps)
    {
        var found = new List<(Reading Reading, int Found)>();
        StateDict[] places = [.. checkpoint.Places.Where(place => place.Tensors.Count <= Most(state))];
        foreach (var map in maps)
        {
            var search = new NameSearch(state.Keys.SelectMany(ours => NamesOf(map, ours)), state.Keys.Where(ours => !IsCounter(ours)).Select(ours => map?.ToOfficial(ours) ?? ours));
            foreach (var place in places)
            {
                string[] names = [.. place.Tensors.Select(entry => search.Bare(entry.Name))];
                var prefixes = search.Prefixes(names).Take(4).ToArray();
                string[] copies = [.. prefixes.Where(prefix => prefix.IsWhole).Select(prefix => prefix.Prefix)];
                found.AddRange(prefixes.Select(prefix => (new Reading(place, map, search, new(prefix.Prefix)) { Copies = copies }, prefix.Found)));
                if (prefixes.Length > 1 && search.Mixture(names) is { Mixture.Count: var all } mixture && all > prefixes[0].Found) found.Add((new(place, map, search, mixture), all));
            }
            // As it stands, where nothing is found by name alone.
            found.Add((new(places[0], map, search, new("")), 0));
        }
        var most = found.Count == 0 ? 0 : found.Max(entry => entry.Found);
        return [.. found.Where(entry => 2 * entry.Found >= most).OrderByDescending(entry => entry.Found).Take(MostReadings).Select(entry => entry.Reading)];
    }

    private static IEnumerable<string> NamesOf(KeyMap? map, string ours)
    {
        if (map is null) return [ours];
        var first = map.ToOfficial(ours);
        return [first, .. map.SecondNames(first)];
    }

    private bool HasNumbersOf(WeightMatch other)
    {
        var theirs = other.pairs.ToDictionary(pair => pair.Name, pair => pair.Source);
        return pairs.All(pair => theirs.TryGetValue(pair.Name, out var source) && pair.Source.Type == source.Type && pair.Source.Shape.Equals(source.Shape)
            && (pair.Source.IsSameData(source) || checkpoint.HaveSameNumbers(pair.Source, source)));
    }

    /// <summary>A place of the file, read by the names of one project.</summary>
    private sealed record Reading(StateDict Place, KeyMap? Map, NameSearch Search, NameView View)
    {
        public string Prefix => View.Prefix;

        /// <summary>What is in front of names where the place holds all of the network, once or several times.</summary>
        public IReadOnlyList<string> Copies { get; init; } = [];

        /// <summary>Whether an entry belongs to another copy of the network: an average beside the weights, say.</summary>
        public bool IsCopy(TensorEntry entry) => Search.Bare(entry.Name) is var bare && Copies.Any(copy => copy.Length > Prefix.Length && bare.StartsWith(copy, StringComparison.Ordinal));

        public string? Official(TensorEntry entry) => View.Official(Search.Bare(entry.Name));
    }
}
