using System.Collections;
using System.Reflection;

namespace UNetFamily;

/// <summary>What must hold of a network's entries before a file of them may replace another: all are there, and they are those that its options make.</summary>
internal static class SavedEntries
{
    private const int MostNamed = 5;

    /// <summary>Throws when the file would lack entries, or would not load again.</summary>
    /// <param name="model">The network.</param>
    /// <param name="weights">What is to be saved of it.</param>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    /// <exception cref="InvalidOperationException">Entries are missing; the message says which and why.</exception>
    public static void Require(SegmentationModel model, IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        model.ThrowIfDisposed();
        var entries = weights.ToDictionary();
        if (Unregistered(model) is { } field)
            throw new InvalidOperationException($"{model.GetName()} can't be saved: {field}. Hold layers in fields, and several of them in a ModuleList, and call RegisterComponents() last in the constructor.");
        if (entries.Count == 0) throw new InvalidOperationException($"{model.GetName()} can't be saved: it has no weights.");
        if (model.Built is not { } built) return;

        var problems = new List<string>();
        if (built.Keys.Where(name => !entries.ContainsKey(name)).ToArray() is { Length: > 0 } missing) problems.Add($"it lacks {Some(missing)}, which a dispose scope or somebody else has disposed");
        if (entries.Keys.Where(name => !built.ContainsKey(name)).ToArray() is { Length: > 0 } added) problems.Add($"{Some(added)} came later");
        problems.AddRange(entries.Where(entry => built.TryGetValue(entry.Key, out var shape) && !shape.SequenceEqual(entry.Value.shape)).Take(MostNamed)
            .Select(entry => $"{entry.Key} is {Shapes.Text(entry.Value.shape)} and was built as {Shapes.Text(built[entry.Key])}"));
        if (problems.Count > 0)
            throw new InvalidOperationException($"{model.GetName()} can't be saved, since its file would not load into the network of its options: {string.Join("; ", problems)}. Nothing was written.");
    }

    /// <summary>A field of a user's own network with layers that TorchSharp doesn't know of.</summary>
    private static string? Unregistered(nn.Module model)
    {
        var known = model.modules().Prepend(model).ToHashSet<nn.Module>(ReferenceEqualityComparer.Instance);
        foreach (var module in known.Where(module => module.GetType().Assembly is var origin && origin != typeof(SavedEntries).Assembly && origin != typeof(nn.Module).Assembly))
            foreach (var field in module.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
                if (LayersIn(field.GetValue(module)).Any(layer => !known.Contains(layer))) return $"{module.GetType().Name}.{Name(field)} holds layers that are not registered";
        return null;
    }

    private static IEnumerable<nn.Module> LayersIn(object? value) => value switch
    {
        nn.Module module => [module],
        IDictionary dictionary => dictionary.Values.OfType<nn.Module>(),
        string or Tensor => [],
        ICollection items => items.OfType<nn.Module>(),
        _ => [],
    };

    // The field of a property, or of a constructor's parameter, has its name in angle brackets.
    private static string Name(FieldInfo field) => field.Name is ['<', .. var rest] ? rest[..rest.IndexOf('>', StringComparison.Ordinal)] : field.Name;

    private static string Some(string[] names) => $"{string.Join(", ", names.Take(MostNamed))}{(names.Length > MostNamed ? $" and {names.Length - MostNamed} more" : "")}";
}
