using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Readme;

/// <summary>The public types of the packages, and where each is shown: the examples of the API reference.</summary>
public sealed class PublicTypes
{
    private readonly IReadOnlyList<GuidePage> pages;
    private readonly Dictionary<string, XElement> documented;

    /// <summary>Reads the packages' documentation and the pages.</summary>
    /// <param name="root">The repository, or a copy with its README and docs.</param>
    /// <param name="packages">A folder with the packages' assemblies and documentation files.</param>
    public PublicTypes(string root, string packages)
    {
        pages = GuidePage.All(root);
        string[] files = [.. Directory.EnumerateFiles(packages, "UNetFamily*.xml").Order(StringComparer.Ordinal)];
        // What source generators make is in several, and internal.
        documented = files.SelectMany(file => XDocument.Load(file).Descendants("member")).DistinctBy(member => member.Attribute("name")!.Value).ToDictionary(member => member.Attribute("name")!.Value);
        // A compiler gives names in angle brackets to what it makes of extension members.
        All = [.. files.SelectMany(file => Assembly.LoadFrom(Path.ChangeExtension(file, ".dll")).GetExportedTypes()).Where(type => !type.FullName!.Contains('<'))];
    }

    /// <summary>All of them, nested ones too.</summary>
    public IReadOnlyList<Type> All { get; }

    /// <summary>What the reference calls a type.</summary>
    public static string Id(Type type) => type.FullName!.Replace('+', '.');

    /// <summary>Whether a type says what it is.</summary>
    public bool HasSummary(Type type) => Documentation(type)?.Element("summary") is { } summary && !string.IsNullOrWhiteSpace(summary.Value);

    /// <summary>
    /// The example of a type, as Markdown for its page in the reference: code of the pages that uses it, or else a link to the page, one with code, that names it. Empty for a type that has an example in its own documentation.
    /// </summary>
    /// <returns>null when there is none.</returns>
    public string? Example(Type type)
    {
        if (Documentation(type)?.Element("example") is not null) return "";
        if (Shown(type) is { } shown) return $"From {Link(shown.Page)}:\n\n```csharp\n{shown.Code}\n```\n";
        // README names much, and its pages say more.
        return pages.LastOrDefault(page => page.Code.Count > 0 && page.Names(Name(type))) is { } page ? $"See {Link(page)}.\n" : null;
    }

    /// <summary>Writes for DocFX the examples, which it adds to the types' pages, and the contents of docs, in the order of their index.</summary>
    /// <param name="root">DocFX's folder, with README and docs in it.</param>
    /// <returns>How many types have an example or a link to one.</returns>
    public int Write(string root)
    {
        var examples = All.Select(type => (Id: Id(type), Text: Example(type))).Where(example => example.Text is not null).ToArray();
        File.WriteAllText(Path.Combine(root, "examples.md"), string.Concat(examples.Where(example => example.Text is not "").Select(example => $"---\nuid: {example.Id}\nexample:\n- *content\n---\n\n{example.Text}\n")));

        var index = pages.Single(page => page.Path == "docs/README.md");
        var contents = index.Links.Distinct().Join(pages, link => $"docs/{link}", page => page.Path, (link, page) => $"- name: \"{page.Title}\"\n  href: {link}\n");
        File.WriteAllText(Path.Combine(root, "docs", "toc.yml"), string.Concat(contents));
        return examples.Length;
    }

    /// <summary>The shortest code that uses a type, on the page that uses it most.</summary>
    private (GuidePage Page, string Code)? Shown(Type type)
    {
        // Whoever calls an extension doesn't write the class that it stands in.
        string[] names = type is { IsAbstract: true, IsSealed: true } ? [Name(type), .. Extensions(type)] : [Name(type)];
        var best = pages.Select(page => (Page: page, Code: names.SelectMany(page.Showing).ToArray())).MaxBy(found => found.Code.Length);
        return best.Code is { Length: > 0 } ? (best.Page, best.Code.MinBy(code => code.Length)!) : null;
    }

    private static IEnumerable<string> Extensions(Type type) => type.GetMethods().Where(method => method.IsDefined(typeof(ExtensionAttribute))).Select(method => method.Name).Distinct();

    private XElement? Documentation(Type type) => documented.GetValueOrDefault($"T:{Id(type)}");

    private static string Name(Type type) => (type.IsNested ? $"{type.DeclaringType!.Name}.{type.Name}" : type.Name).Split('`')[0];

    private static string Link(GuidePage page) => $"[{page.Title}](~/{page.Path})";
}
