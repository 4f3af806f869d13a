namespace UNetFamily;

/// <summary>A module of a network at one input size, with the sums of all that is in it.</summary>
/// <param name="Path">Its name in the network, such as <c>down.0.conv</c>; empty for the network itself.</param>
/// <param name="Module">Its type.</param>
/// <param name="Output">The shape that goes out, where its flow tells; a list of modules has none.</param>
/// <param name="Parameters">The numbers that it learns; one that several modules share is counted in the first.</param>
/// <param name="TrainableParameters">Those that are not frozen.</param>
/// <param name="Macs">Multiply-accumulates for one sample, biases left out.</param>
/// <param name="KeptBytes">Bytes kept for the backward pass, as in <see cref="LayerCost.KeptBytes"/>.</param>
/// <param name="Parts">The modules in it, in the order of the network's definition; those that neither learn nor compute are left out.</param>
public sealed record ModuleCost(string Path, string Module, TensorShape? Output, long Parameters, long TrainableParameters, long Macs, long KeptBytes, IReadOnlyList<ModuleCost> Parts)
{
    /// <summary>The last part of <see cref="Path"/>.</summary>
    public string Name => Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>The module of a path below this one.</summary>
    /// <param name="path">The path from the network on, such as <c>down.0</c>.</param>
    /// <exception cref="ArgumentException">There is none that learns or computes.</exception>
    public ModuleCost Find(string path) =>
        path == Path ? this
        : Parts.FirstOrDefault(part => path == part.Path || path.StartsWith($"{part.Path}.", StringComparison.Ordinal))?.Find(path)
        ?? throw new ArgumentException($"'{Path}' has no module '{path}' that learns or computes. It has: {string.Join(", ", Parts.Select(part => part.Path))}.", nameof(path));

    /// <summary>The tree of a network.</summary>
    /// <param name="model">The network.</param>
    /// <param name="costs">What its flow costs.</param>
    /// <param name="logits">The finest logits.</param>
    internal static ModuleCost Of(SegmentationModel model, FlowCosts costs, TensorShape logits)
    {
        var owned = model.named_parameters().Select(entry => (Path: Parent(entry.name), Numbers: entry.parameter.numel(), Trainable: entry.parameter.requires_grad)).ToLookup(entry => entry.Path);
        var computed = costs.Layers.ToLookup(layer => layer.Path);
        var modules = model.Whole.named_modules().ToArray();
        var parts = modules.Where(entry => entry.name.Length > 0).ToLookup(entry => Parent(entry.name));
        return Node("", model.GetType());

        ModuleCost Node(string path, Type type)
        {
            var inside = parts[path].Select(entry => Node(entry.name, entry.module.GetType())).Where(part => part.Parameters > 0 || part.Parts.Count > 0 || computed[part.Path].Any()).ToArray();
            var output = path.Length == 0 ? logits : costs.Outputs.GetValueOrDefault(path) ?? (type.IsGenericType ? null : LastOf(path));
            return new ModuleCost(path, NameOf(type), output,
                owned[path].Sum(entry => entry.Numbers) + inside.Sum(part => part.Parameters),
                owned[path].Sum(entry => entry.Trainable ? entry.Numbers : 0) + inside.Sum(part => part.TrainableParameters),
                computed[path].Sum(layer => layer.Macs) + inside.Sum(part => part.Macs),
                computed[path].Sum(layer => layer.KeptBytes) + inside.Sum(part => part.KeptBytes),
                inside);
        }

        // A stage that has no flow of its own gives what its last layer gives.
        TensorShape? LastOf(string path) => costs.Layers.LastOrDefault(layer => layer.Path == path || layer.Path.StartsWith($"{path}.", StringComparison.Ordinal))?.Output;
    }

    private static string Parent(string path) => path[..Math.Max(0, path.LastIndexOf('.'))];

    // ModuleList`1 is ModuleList to a reader.
    private static string NameOf(Type type) => type.Name.Split('`')[0];
}
