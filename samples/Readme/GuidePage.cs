using System.Text.RegularExpressions;

namespace Readme;

/// <summary>A page for people: README or one of docs.</summary>
public sealed partial class GuidePage
{
    private readonly string prose;

    private GuidePage(string root, string path)
    {
        Path = System.IO.Path.GetRelativePath(root, path).Replace('\\', '/');
        Text = File.ReadAllText(path).ReplaceLineEndings("\n");
        Title = Heading().Match(Text).Groups[1].Value;
        Code = [.. CodeBlock().Matches(Text).Select(match => match.Groups[1].Value.TrimEnd())];
        prose = Fence().Replace(Text, "");
    }

    /// <summary>Its place below the root, with slashes.</summary>
    public string Path { get; }

    /// <summary>Its text, with line feeds.</summary>
    public string Text { get; }

    /// <summary>Its first heading.</summary>
    public string Title { get; }

    /// <summary>Its blocks of C#, in their order.</summary>
    public IReadOnlyList<string> Code { get; }

    /// <summary>The targets of its links and pictures, outside of code.</summary>
    public IEnumerable<string> Links => Link().Matches(InlineCode().Replace(prose, "")).Select(match => match.Groups[1].Value);

    /// <summary>The anchors of its headings, as GitHub makes them.</summary>
    public IEnumerable<string> Anchors => Heading().Matches(prose).Select(match => NoAnchor().Replace(match.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>README and the pages of docs, by name, README first.</summary>
    /// <param name="root">The repository, or a copy with its README and docs.</param>
    public static IReadOnlyList<GuidePage> All(string root) =>
        [.. Directory.EnumerateFiles(System.IO.Path.Combine(root, "docs"), "*.md").Order(StringComparer.Ordinal).Prepend(System.IO.Path.Combine(root, "README.md")).Select(path => new GuidePage(root, path))];

    /// <summary>Whether the page names something as code in its text.</summary>
    public bool Names(string name) => InlineCode().Matches(prose).Any(match => Regex.IsMatch(match.Value, $@"(?<![\w.]){Regex.Escape(name)}(?!\w)"));

    /// <summary>The blocks of C# that use a name, comments left out.</summary>
    public IEnumerable<string> Showing(string name) => Code.Where(block => Regex.IsMatch(Comment().Replace(block, ""), $@"(?<!\w){Regex.Escape(name)}(?!\w)"));

    [GeneratedRegex(@"^#{1,4} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^```.*?^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"`[^`\n]+`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NoAnchor();

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
