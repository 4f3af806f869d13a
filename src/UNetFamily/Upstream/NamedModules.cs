namespace UNetFamily;

/// <summary>
/// Modules by name, with the keys that <c>ModuleDict</c> gives them. That can be neither moved to a device nor converted to a type; see README.md beside this file.
/// </summary>
internal sealed class NamedModules<T> : nn.Module where T : nn.Module
{
    private readonly Dictionary<string, T> byName = [];

    public NamedModules(IEnumerable<(string Name, T Module)> entries) : base(nameof(NamedModules<>))
    {
        foreach (var (name, module) in entries)
        {
            byName.Add(name, module);
            register_module(name, module);
        }
    }

    public T this[string name] => byName[name];
}
