using System.Text.Json;
using Xunit.Abstractions;

namespace UNetFamily.Tests.Reference;

/// <summary>
/// All reference cases of networks, and those of nnU-Net's pipeline (<see cref="Pipelines"/>): those of the folders beside this code, and of the folder that the environment variable <c>UNETFAMILY_REFERENCE</c> names.
/// </summary>
internal static class ReferenceCases
{
    private const string Pipeline = "nnunet";

    private static readonly string Own = Path.Combine(AppContext.BaseDirectory, "Reference");

    private static IEnumerable<string> Folders()
    {
        var roots = new List<string> { Own };
        if (Environment.GetEnvironmentVariable("UNETFAMILY_REFERENCE") is { Length: > 0 } more)
        {
            if (!Directory.Exists(more)) throw new DirectoryNotFoundException($"UNETFAMILY_REFERENCE names '{more}', and there is no such folder.");
            roots.Add(more);
        }
        return roots.SelectMany(root => Directory.EnumerateDirectories(root).Append(root)).Where(folder => File.Exists(Path.Combine(folder, "cases.json"))).Order(StringComparer.Ordinal);
    }

    public static IEnumerable<ReferenceCase> All() => Folders().SelectMany(In).Where(source => source.Net != Pipeline);

    /// <summary>Model folders of nnU-Net, with what each stage of its pipeline made of an input.</summary>
    public static IEnumerable<ReferenceCase> Pipelines() => Folders().SelectMany(In).Where(source => source.Net == Pipeline);

    public static IEnumerable<ReferenceCase> In(string folder)
    {
        var root = Root(folder);
        var net = NetOf(root);
        return root.GetProperty("cases").EnumerateArray().Select(json => new ReferenceCase(net, folder, json));
    }

    /// <summary>A section beside the cases, such as <c>pruned</c>, of every folder of a net that has it.</summary>
    public static IEnumerable<(string Folder, JsonElement Section)> Sections(string net, string section)
    {
        foreach (var folder in Folders())
        {
            var root = Root(folder);
            if (NetOf(root) == net && root.TryGetProperty(section, out var value)) yield return (folder, value);
        }
    }

    /// <summary>The folder of a net among the project's own cases.</summary>
    public static string FolderOf(string net) => Path.Combine(Own, net);

    private static JsonElement Root(string folder) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "cases.json"))).RootElement;

    /// <summary>The cases of the pipeline are of several networks, and name none.</summary>
    private static string NetOf(JsonElement root) => root.TryGetProperty("net", out var net) ? net.GetString()! : Pipeline;

    public static ReferenceCase Find(string folder, string name) => In(folder).Single(candidate => candidate.Name == name);
}

/// <summary>Names a case in a test's display name as <c>net/case</c>, and carries it through test discovery as two strings.</summary>
public sealed class CaseName : IXunitSerializable
{
    private string folder = "";
    private string net = "";
    private string name = "";

    [Obsolete("For deserialization only.")]
    public CaseName()
    {
    }

    internal CaseName(ReferenceCase source) => (folder, net, name) = (source.Folder, source.Net, source.Name);

    internal ReferenceCase Load() => ReferenceCases.Find(folder, name);

    public void Serialize(IXunitSerializationInfo info)
    {
        info.AddValue(nameof(folder), folder);
        info.AddValue(nameof(net), net);
        info.AddValue(nameof(name), name);
    }

    public void Deserialize(IXunitSerializationInfo info)
    {
        folder = info.GetValue<string>(nameof(folder));
        net = info.GetValue<string>(nameof(net));
        name = info.GetValue<string>(nameof(name));
    }

    public override string ToString() => $"{net}/{name}";
}
