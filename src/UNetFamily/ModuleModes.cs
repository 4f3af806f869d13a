namespace UNetFamily;

/// <summary>Remembers of each module of a network whether it is in training or evaluation mode, and puts it back when disposed: a frozen part stays frozen.</summary>
internal sealed class ModuleModes : IDisposable
{
    private readonly (nn.Module Module, bool Training)[] before;

    private ModuleModes(nn.Module network) => before = [.. ParentsFirst(network).Select(module => (module, module.training))];

    /// <summary>Whether any of the modules is in training mode now.</summary>
    public bool AnyTrains => Array.Exists(before, entry => entry.Module.training);

    /// <summary>Whether any module is in training mode.</summary>
    public static bool Trains(nn.Module network) => ParentsFirst(network).Any(module => module.training);

    /// <summary>Puts a network into evaluation mode until disposed.</summary>
    public static ModuleModes Evaluating(nn.Module network)
    {
        var modes = new ModuleModes(network);
        network.eval();
        return modes;
    }

    // train() reaches down, and what it sets wrongly is set again.
    public void Dispose()
    {
        foreach (var (module, training) in before) module.train(training);
    }

    /// <summary>Each module once and after all that contain it, also where a module stands in several places.</summary>
    private static IEnumerable<nn.Module> ParentsFirst(nn.Module network)
    {
        var (seen, childrenFirst) = (new HashSet<nn.Module>(ReferenceEqualityComparer.Instance), new List<nn.Module>());
        Visit(network);
        return Enumerable.Reverse(childrenFirst);

        void Visit(nn.Module module)
        {
            if (!seen.Add(module)) return;
            foreach (var (_, child) in module.named_children()) Visit(child);
            childrenFirst.Add(module);
        }
    }
}
