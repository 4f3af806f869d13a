namespace UNetFamily;

/// <summary>Tensors that stand in one place of a file.</summary>
/// <param name="Path">The path to it among the envelope's entries; empty when it is the whole file.</param>
/// <param name="Tensors">The tensors in the file's order, under the file's names.</param>
internal sealed record StateDict(string Path, IReadOnlyList<TensorEntry> Tensors);

/// <summary>What a reader found in a file, without the numbers.</summary>
/// <param name="Format">The format.</param>
/// <param name="Chosen">The tensors to take, unless a network finds its names in one of the <see cref="Others"/>.</param>
internal sealed record CheckpointContent(CheckpointFormat Format, StateDict Chosen)
{
    /// <summary>The paths at which state dicts were found.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [""];

    /// <summary>The further state dicts that a network may find its names in; none when the user has said which one to take.</summary>
    public IEnumerable<StateDict> Alternatives { get; init; } = [];

    /// <summary>Further names of tensors, which the file lists and doesn't store: name and the name that is stored.</summary>
    public IReadOnlyDictionary<string, string> Ties { get; init; } = new Dictionary<string, string>();

    /// <summary>Everything that isn't in the state dict.</summary>
    public IReadOnlyList<CheckpointItem> Others { get; init; } = [];

    /// <summary>What the file's pickle held; null for safetensors, which holds tensors and texts only.</summary>
    public object? Root { get; init; }

    /// <summary>Text that the file says about itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Stretches of the file with the checksums that they should have; only zip archives have any.</summary>
    public IReadOnlyCollection<ZipEntry> Checksums { get; init; } = [];

    /// <summary>Reads a file of any of the formats.</summary>
    /// <param name="source">The file.</param>
    /// <param name="stateDict">
    /// The path of the state dict to take, also of a part of one: <c>state_dict.student</c> for the names that begin so. null for the one that looks like the network's weights.
    /// </param>
    public static CheckpointContent Read(ByteSource source, string? stateDict)
    {
        var start = new byte[(int)Math.Min(ForeignFile.Start, source.Length)];
        source.Read(0, start);
        return start switch
        {
            [(byte)'P', (byte)'K', 3, 4, ..] => TorchZipReader.Read(source, stateDict),
            _ when TorchLegacyReader.IsOne(start) => TorchLegacyReader.Read(source, stateDict),
            _ when ForeignFile.Problem(start) is { } problem => throw source.Fail(0, problem),
            _ => SafetensorsReader.Read(source, stateDict),
        };
    }

    /// <summary>The names of a place that begin with a word, as a state dict of its own; null when none does.</summary>
    /// <param name="place">The place.</param>
    /// <param name="wanted">The path to the place and the word.</param>
    public static StateDict? PartOf(StateDict place, string wanted)
    {
        if (place.Path.Length > 0 && !wanted.StartsWith(place.Path + ".", StringComparison.Ordinal)) return null;
        var word = wanted[(place.Path.Length == 0 ? 0 : place.Path.Length + 1)..] + ".";
        TensorEntry[] tensors = [.. place.Tensors.Where(tensor => tensor.Name.StartsWith(word, StringComparison.Ordinal)).Select(tensor => tensor.Named(tensor.Name[word.Length..]))];
        return tensors.Length > 0 ? new(wanted, tensors) : null;
    }
}
