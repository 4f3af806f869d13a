namespace UNetFamily;

/// <summary>The names that published checkpoints give to the universal U-Net's weights.</summary>
public static class U2Net3dKeyMaps
{
    /// <summary>
    /// huangmozhilv/u2net_torch, <c>u2net_torch_src/models/u2net3d.py</c>. Domains have numbers there and levels count from the finest, so the names depend on the options.
    /// </summary>
    /// <param name="options">The network's options.</param>
    public static KeyMap Official(U2Net3dOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var rules = new List<KeyRule> { Pair(options.Adapter is AdapterKind.Separable ? "pwise.conv1" : "conv", "shared") };
        foreach (var (number, name) in options.Names.Index()) rules.AddRange(OfDomain(number, name, options.Adapter));

        rules.Add(Pair("^down_samps.{i}.op1", "^down.{i+1}.reduce"));
        rules.Add(Pair("^down_blocks.{i}.op1", "^down.{i}.first"));
        rules.Add(Pair("^down_blocks.{i}.op2", "^down.{i}.second"));
        foreach (var level in Enumerable.Range(0, options.Strides.Count))
        {
            var stage = $"^up.{options.Strides.Count - 1 - level}";
            rules.Add(Pair($"^up_samps.{level}.op", $"{stage}.raise"));
            rules.Add(Pair($"^up_blocks.{level}.op1", $"{stage}.first"));
            rules.Add(Pair($"^up_blocks.{level}.op2", $"{stage}.second"));
        }
        // The strided convolutions are ordinary ones in every form.
        if (options.Adapter is AdapterKind.Separable) rules.Add(Pair("^down.{i}.reduce.conv", "^down.{i}.reduce.shared"));
        return new KeyMap("huangmozhilv/u2net_torch", rules);
    }

    private static IEnumerable<KeyRule> OfDomain(int number, string name, AdapterKind adapter)
    {
        yield return Pair($"^in_tr_list.{number}.op1.0", $"^stem.{name}.conv");
        yield return Pair($"^in_tr_list.{number}.op1.1.0", $"^stem.{name}.norm");
        yield return Pair($"^dSupers.{{i}}.{number}.op1.0", $"^aux.{{i}}.{name}.conv");
        yield return Pair($"^dSupers.{{i}}.{number}.op1.1.0", $"^aux.{{i}}.{name}.norm");
        yield return Pair($"^out_tr_list.{number}.conv1", $"^head.{name}");
        yield return Pair($"op.{number}", $"norm.{name}");
        (string Official, string Ours)[] own = adapter switch
        {
            AdapterKind.Separable => [("conv1", "conv"), ("op1.0", "norm")],
            AdapterKind.Series => [("op1.0", "norm"), ("op1.1", "conv")],
            _ => [],
        };
        foreach (var (official, ours) in own) yield return Pair($"adapOps.{number}.{official}", $"own.{name}.{ours}");
        if (adapter is AdapterKind.Parallel) yield return Pair($"adapOps.{number}.op1", $"own.{name}");
    }

    private static KeyRule.Rename Pair(string official, string ours) => new(official, ours);
}
