namespace UNetFamily;

/// <summary>The paths of modules below a root.</summary>
internal static class ModulePaths
{
    /// <summary>The path of each module; empty for the root, the first where a module stands in several places.</summary>
    public static Dictionary<nn.Module, string> Of(nn.Module root)
    {
        var paths = new Dictionary<nn.Module, string>(ReferenceEqualityComparer.Instance) { [root] = "" };
        foreach (var (path, module) in root.named_modules()) paths.TryAdd(module, path);
        return paths;
    }
}
