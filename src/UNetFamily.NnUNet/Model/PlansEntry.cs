namespace UNetFamily.NnUNet;

/// <summary>A configuration of plans with what it inherits: its own fields first, then those of the configuration that <c>inherits_from</c> names, and so on. Whole fields are replaced.</summary>
internal sealed class PlansEntry
{
    private readonly IReadOnlyList<JsonField> layers;

    private PlansEntry(string name, IReadOnlyList<JsonField> layers) => (Name, this.layers) = (name, layers);

    public string Name { get; }

    /// <summary>The configuration of a name.</summary>
    /// <param name="configurations">The field of all configurations.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="ModelFolderException">There is none, or it inherits from itself.</exception>
    public static PlansEntry Of(JsonField configurations, string name)
    {
        List<JsonField> layers = [];
        List<string> names = [];
        for (var next = name; next is not null; next = layers[^1].Given("inherits_from")?.Text())
        {
            if (names.Contains(next)) throw configurations.Fail($"Configurations inherit from each other in a circle: {string.Join(" from ", names.Append(next))}.");
            names.Add(next);
            layers.Add(configurations.Find(next) ?? throw configurations.Fail($"There is no configuration '{next}'{(names.Count > 1 ? $", from which '{names[^2]}' inherits" : "")}. There are: {string.Join(", ", configurations.Entries().Select(entry => entry.Name))}."));
        }
        return new PlansEntry(name, layers);
    }

    /// <exception cref="ModelFolderException">Neither the configuration nor one that it inherits from has the field.</exception>
    public JsonField this[string name] => Find(name) ?? throw Fail($"'{name}' is missing.");

    public JsonField? Find(string name)
    {
        foreach (var layer in layers)
            if (layer.Find(name) is { } field) return field;
        return null;
    }

    public ModelFolderException Fail(string reason) => layers[0].Fail(reason);
}
