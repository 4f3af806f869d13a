namespace UNetFamily;

/// <summary>Saves networks.</summary>
public static class CheckpointSaving
{
    /// <summary>
    /// Saves the weights as safetensors, with the network's name, its options and the library's version in the header, so that
    /// <see cref="SegmentationModel.FromFile"/> can rebuild it. The file is written under another name and renamed at the end: a crash leaves the old file or the new one, never half of one.
    /// </summary>
    /// <param name="model">The network, on any device.</param>
    /// <param name="path">The file to write; one of that name is replaced.</param>
    /// <param name="notes">
    /// Texts of your own for the header, such as the spacing and the names of the classes that whoever has the file needs; <see cref="Checkpoint.Metadata"/> has them again.
    /// </param>
    /// <exception cref="ArgumentException">A note has a name that belongs to the library: <c>format</c>, or one that begins with <c>unetfamily.</c></exception>
    /// <exception cref="NotSupportedException">The options can't be written to a file.</exception>
    /// <exception cref="InvalidOperationException">The network's entries are not those that its options make; (<see cref="ObjectDisposedException"/>) it was disposed. Nothing was written.</exception>
    public static void Save(this SegmentationModel model, string path, IReadOnlyDictionary<string, string>? notes = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        Save(model, path, model.state_dict(), notes);
    }

    /// <summary>As <see cref="Save(SegmentationModel, string, IReadOnlyDictionary{string, string}?)"/>, with the numbers given: others than the network has just now.</summary>
    internal static void Save(SegmentationModel model, string path, IEnumerable<KeyValuePair<string, Tensor>> weights, IReadOnlyDictionary<string, string>? notes = null)
    {
        var metadata = Metadata(model, weights);
        foreach (var (name, text) in notes ?? new Dictionary<string, string>())
            if (name.StartsWith("unetfamily.", StringComparison.Ordinal) || !metadata.TryAdd(name, text))
                throw new ArgumentException($"A note must not be named '{name}': format and names that begin with unetfamily. are the library's.", nameof(notes));
        SafetensorsWriter.Write(path, weights.Select(entry => SafetensorsItem.Of(entry.Key, entry.Value)), metadata);
    }

    /// <summary>
    /// Saves the weights as safetensors under the names and in the shapes of an official project, so that its Python code loads them: also under the
    /// second names that it expects, and with the entries that it holds and doesn't use.
    /// </summary>
    /// <param name="model">The network, on any device.</param>
    /// <param name="path">The file to write; one of that name is replaced.</param>
    /// <param name="keys">The project's names: one of <see cref="SegmentationModelOptions.KeyMaps"/>, or a map of your own.</param>
    /// <exception cref="ArgumentException">The map is another network's, or of one with other options, or of your own and not invertible; the message says which.</exception>
    public static void Export(this SegmentationModel model, string path, KeyMap keys)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(keys);
        var metadata = Metadata(model, model.state_dict());
        if (ProblemOf(model, keys) is { } problem) throw new ArgumentException($"{model.GetName()} can't be exported with the names of {keys}: {problem}", nameof(keys));
        metadata[ModelFile.OriginKey] = keys.Origin;
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(path, Official(model, keys), metadata);
    }

    /// <summary>Why a map isn't one for this network; null when it is.</summary>
    private static string? ProblemOf(SegmentationModel model, KeyMap keys)
    {
        var (names, known) = (model.state_dict().Keys, model.Options.KeyMaps);
        if (known.Where(map => map.Origin == keys.Origin).ToArray() is { Length: > 0 } own)
            return own.Any(map => names.All(name => NamesBy(map, name).SequenceEqual(NamesBy(keys, name)))) ? null : $"the map was made for other options. Take it from {model.GetName()}.{nameof(model.Options)}.{nameof(SegmentationModelOptions.KeyMaps)}.";
        if (ModelCatalog.Variants.Any(variant => variant.Options.KeyMaps.Any(map => map.Origin == keys.Origin)))
            return $"they are those of another network. For this one there are: {string.Join(", ", known.Select(map => map.Origin).Distinct())}.";

        var taken = new Dictionary<string, string>();
        foreach (var name in names)
        {
            var official = keys.ToOfficial(name);
            if (!taken.TryAdd(official, name)) return $"{taken[official]} and {name} would both be {official}.";
            if (keys.Rename(keys.ToFirst(official)) is var back && back != name) return $"{name} would be {official}, which is read as {back}.";
        }
        return null;

        static IEnumerable<string> NamesBy(KeyMap map, string name) => map.ToOfficial(name) is var first ? map.SecondNames(first).Prepend(first) : [];
    }

    /// <summary>Throws what <see cref="Save(SegmentationModel, string, IReadOnlyDictionary{string, string}?)"/> would throw of the network, without writing anything.</summary>
    internal static void RequireSavable(SegmentationModel model) => Metadata(model, model.state_dict());

    /// <summary>The header of a file, when these weights of the network can be one.</summary>
    internal static Dictionary<string, string> Metadata(SegmentationModel model, IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        SavedEntries.Require(model, weights);
        return ModelFile.Metadata(model);
    }

    /// <summary>The state dict of the original: names, shapes and values.</summary>
    internal static IEnumerable<SafetensorsItem> Official(nn.Module module, KeyMap keys)
    {
        foreach (var (ours, tensor) in module.state_dict())
        {
            var first = keys.ToOfficial(ours);
            var shape = keys.IsLinearAsConv(first) ? tensor.shape[..2] : tensor.shape;
            foreach (var name in keys.SecondNames(first).Prepend(first)) yield return SafetensorsItem.Of(name, tensor, shape);
        }
        var type = module.parameters().Select(parameter => (ScalarType?)parameter.dtype).FirstOrDefault();
        foreach (var dropped in keys.Rules.OfType<KeyRule.Drop>())
            if (dropped.ExportedShape is { } shape) yield return SafetensorsItem.Of(dropped.Key, full([.. shape], dropped.ExportedValue, dtype: type));
    }
}
