using System.Globalization;

namespace UNetFamily;

/// <summary>
/// Finds the weights in what a pickle held: the dictionary itself, one of its entries (<c>state_dict</c>, <c>network_weights</c> …) in a trainer's
/// envelope, or the parameters of a module that was saved whole. The rest is described in words.
/// </summary>
internal sealed class StateDictFinder
{
    private static readonly string[] KnownNames = ["state_dict", "model_state_dict", "network_weights", "model_state", "model", "network", "net", "weights", "params"];
    private const int DeepestEnvelope = 5;
    private const int DeepestModule = 64;
    private const int MostPlaces = 10_000;
    private const int MostVisits = 1_000_000;
    private const int MostOthers = 1_000;
    private const int LongestName = 1_024;
    private const int MostNamed = 20;

    private readonly ByteSource source;
    private readonly HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
    private readonly List<(string Path, List<(string Name, PickledTensor Tensor)> Tensors)> found = [];

    private StateDictFinder(ByteSource source) => this.source = source;

    public static CheckpointContent Find(ByteSource source, CheckpointFormat format, object? root, string? wanted)
    {
        var finder = new StateDictFinder(source);
        finder.Visit("", root, depth: 0);
        var chosen = finder.Choose(root, wanted);
        return new CheckpointContent(format, chosen)
        {
            Root = root,
            Paths = [.. finder.found.Select(place => place.Path)],
            Alternatives = wanted is null ? finder.found.Where(place => place.Path != chosen.Path && place.Tensors.DistinctBy(entry => entry.Name).Count() == place.Tensors.Count).Select(finder.Taken) : [],
            Others = [.. Others(root, finder.found.Where(place => place.Path.Length <= chosen.Path.Length && chosen.Path.StartsWith(place.Path, StringComparison.Ordinal)).MaxBy(place => place.Path.Length).Path ?? "")],
        };
    }

    private void Visit(string path, object? value, int depth)
    {
        if (value is not (PickledDict or PickledObject or PickledSequence) || depth > DeepestEnvelope || path.Length > LongestName || seen.Count == MostPlaces || !seen.Add(value)) return;
        if (IsOptimizer(value)) return;

        var module = ModuleOf(value);
        var tensors = module is not null ? Parameters(module)
            : value is PickledSequence ? []                             // tensors without names are nobody's weights
            : [.. Named(value, numbers: false).Where(entry => entry.Value is PickledTensor).Select(entry => (entry.Name, (PickledTensor)entry.Value!))];
        if (tensors.Count > 0) found.Add((path, tensors));
        foreach (var (name, inner) in module is null ? Named(value) : []) Visit(path.Length == 0 ? name : $"{path}.{name}", inner, depth + 1);
    }

    /// <summary>An optimizer numbers its parameters, and what it remembers of each would look like weights.</summary>
    private static bool IsOptimizer(object value) => Named(value).Count(entry => entry.Name is "state" or "param_groups") == 2;

    private StateDict Choose(object? root, string? wanted)
    {
        if (wanted is not null)
        {
            if (found.FindIndex(place => place.Path == wanted) is >= 0 and var index) return Taken(found[index]);
            return found.OrderByDescending(place => place.Path.Length).Select(place => CheckpointContent.PartOf(Taken(place), wanted)).FirstOrDefault(part => part is not null)
                ?? throw source.Fail(null, $"There is no state dict '{Printable.Of(wanted)}'.{(found.Count > 0 ? $" There are: {Paths()}." : "")}");
        }
        if (found.Count == 0)
            throw source.Fail(null, $"No state dict was found: the file holds {Describe(root)}, and no dictionary or module with tensors in it.");
        foreach (var name in KnownNames)
            if (found.FindIndex(place => place.Path == name) is >= 0 and var index) return Taken(found[index]);
        return Taken(found.MaxBy(place => (place.Path.Length == 0, place.Tensors.Count)));

        string Paths() => string.Join(", ", found.Take(MostNamed).Select(place => place.Path.Length == 0 ? "'' (the whole file)" : Printable.Of(place.Path))) + (found.Count > MostNamed ? $" and {found.Count - MostNamed} more" : "");
    }

    private StateDict Taken((string Path, List<(string Name, PickledTensor Tensor)> Tensors) place) => new(place.Path, Entries(place.Tensors));

    private List<TensorEntry> Entries(List<(string Name, PickledTensor Tensor)> tensors)
    {
        var names = new HashSet<string>();
        return [.. tensors.Select(entry => names.Add(entry.Name) ? entry.Tensor.Named(entry.Name) : throw source.Fail(null, $"'{Printable.Of(entry.Name)}' is there twice."))];
    }

    /// <summary>The dictionary of a module that was saved whole; null when the value is none.</summary>
    private static PickledDict? ModuleOf(object? value) =>
        value is PickledObject { State: PickledDict state } && state["_parameters"] is PickledDict or PickledObject && state["_modules"] is PickledDict or PickledObject ? state : null;

    /// <summary>What PyTorch's <c>state_dict()</c> would list.</summary>
    private List<(string Name, PickledTensor Tensor)> Parameters(PickledDict module)
    {
        var (tensors, visits) = (new List<(string, PickledTensor)>(), 0);
        Collect("", module, depth: 0);
        return tensors;

        void Collect(string prefix, PickledDict state, int depth)
        {
            if (depth > DeepestModule) throw source.Fail(null, "The saved module contains itself.");
            var passing = state["_non_persistent_buffers_set"] is PickledSequence { Items: { Count: <= MostPlaces } names } ? names.OfType<string>().ToHashSet() : [];
            visits += passing.Count;
            foreach (var (name, value) in In("_parameters").Concat(In("_buffers").Where(buffer => !passing.Contains(buffer.Name))))
                if (value is PickledTensor tensor) tensors.Add((prefix + name, tensor));
            foreach (var (name, value) in In("_modules"))
                if (ModuleOf(value) is { } inner) Collect($"{prefix}{name}.", inner, depth + 1);

            // A module that stands in several places is listed in each, as PyTorch does; the bounds keep a made-up one from being listed for ever.
            IEnumerable<(string Name, object? Value)> In(string part) => Named(state[part])
                .TakeWhile(entry => ++visits < MostVisits && prefix.Length + entry.Name.Length <= LongestName ? true : throw source.Fail(null, "The saved module has too many parts, or too long names."));
        }
    }

    /// <summary>What stands beside the weights, level by level down to them.</summary>
    private static IEnumerable<CheckpointItem> Others(object? root, string path)
    {
        var (value, prefix, left) = (root, "", MostOthers);
        while (true)
        {
            (string Path, object? Value)? next = null;
            foreach (var (name, inner) in ModuleOf(value) is null ? Named(value) : [])
            {
                var here = prefix + Printable.Of(name);
                if (path == here || path.StartsWith(here + ".", StringComparison.Ordinal)) next = (here, inner);
                else if (prefix.TrimEnd('.') == path && inner is PickledTensor) continue;
                else if (left-- > 0) yield return new CheckpointItem(here, Describe(inner));
            }
            if (next is null) yield break;
            (prefix, value) = (next.Value.Path + ".", next.Value.Value);
        }
    }

    /// <param name="value">What has entries.</param>
    /// <param name="numbers">Whether those count whose keys are numbers, or places in a list.</param>
    private static IEnumerable<(string Name, object? Value)> Named(object? value, bool numbers = true) => value switch
    {
        PickledDict dictionary => dictionary.Entries.Where(entry => entry.Key is string || numbers && entry.Key is long).Select(entry => (Key(entry.Key), entry.Value)),
        PickledSequence sequence when numbers => sequence.Items.Select((item, index) => (Key((long)index), item)),
        PickledObject custom => (custom.Items?.Named ?? []).Concat(custom.State is PickledDict state ? state.Named : []),
        _ => [],
    };

    private static string Key(object? key) => string.Create(CultureInfo.InvariantCulture, $"{key}");

    private static string Describe(object? value) => value switch
    {
        null => "None",
        bool truth => truth ? "True" : "False",
        long or double => string.Create(CultureInfo.InvariantCulture, $"{value}"),
        string text => $"\"{Printable.Of(text, 60)}\"",
        PickledSequence sequence => $"{sequence.Kind} of {sequence.Items.Count}",
        PickledDict dictionary => $"dictionary of {dictionary.Entries.Count}",
        PickledTensor tensor => $"tensor {Shapes.Text(tensor.Shape)} {tensor.Type}",
        PickledStorage storage => $"storage of {storage.Count} {storage.Kind ?? storage.Type.ToString()}",
        PickledGlobal global => $"the name {global}, not looked up",
        PickledObject { Type: PickledGlobal type } => $"object of {type}, not made",
        PickledObject => "object, not made",
        PickledBytes bytes => $"{bytes.Length} bytes",
        PickledInteger integer => $"whole number of {integer.Bytes} bytes",
        _ => "something else",
    };
}
