using System.Globalization;
using System.Text.RegularExpressions;
using Readme;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Conventions;

/// <summary>What README and the pages of docs show compiles and runs, what they list exists, and where they lead there is something.</summary>
public sealed partial class ReadmeTests : FileTests
{
    private const int LongestReadme = 150;

    private static readonly IReadOnlyList<GuidePage> All = GuidePage.All(Root);
    private static readonly HashSet<string> Files = [.. File.ReadAllLines(Path.Combine(Root, "files.txt")).Select(file => file.Replace('\\', '/')["../../".Length..])];

    public static TheoryData<string> Paths => [.. All.Select(page => page.Path)];

    public static TheoryData<string> Runs => [.. Pages.Runs.Keys];

    /// <summary>A copy of README, docs and their snippets, which the project puts beside the tests, so that they run without the sources as well.</summary>
    internal static string Root => Path.Combine(AppContext.BaseDirectory, "Shown");

    [Theory]
    [MemberData(nameof(Paths))]
    public void Its_code_is_that_of_its_sample(string path)
    {
        var page = Page(path);
        var name = path == "README.md" ? "Snippets" : $"{Path.GetFileNameWithoutExtension(path)}Page";
        var file = Directory.EnumerateFiles(Path.Combine(Root, "snippets")).SingleOrDefault(file => Path.GetFileNameWithoutExtension(file).Equals(name, StringComparison.OrdinalIgnoreCase));
        var compiled = file is null ? [] : Region().Matches(File.ReadAllText(file).ReplaceLineEndings("\n")).Select(match => Unindented(match.Groups[1].Value));
        page.Code.Should().Equal(compiled, $"{path} shows the regions of samples/Readme/{name}.cs, in their order");
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Its_code_runs(string page)
    {
        var (here, there) = (Directory.GetCurrentDirectory(), Path.GetDirectoryName(folder.File("any"))!);
        Pages.Prepare(there);
        Directory.SetCurrentDirectory(there);
        try
        {
            Pages.Runs[page]();
        }
        finally
        {
            Directory.SetCurrentDirectory(here);
        }
    }

    [Fact]
    public void Every_page_with_code_is_run() =>
        All.Where(page => page.Code.Count > 0).Select(page => Path.GetFileNameWithoutExtension(page.Path)).Should().BeEquivalentTo(Pages.Runs.Keys);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Its_links_lead_somewhere(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        Page(path).Links.Where(link => !link.Contains("://", StringComparison.Ordinal) && !Leads(link)).Should().BeEmpty($"{path} links files of the repository and headings of pages");

        bool Leads(string link)
        {
            var parts = link.Split('#');
            var target = parts[0].Length == 0 ? path : Path.GetRelativePath(".", Path.Combine(folder, parts[0])).Replace('\\', '/');
            return Files.Contains(target) && (parts.Length == 1 || Page(target).Anchors.Contains(parts[1]));
        }
    }

    [Fact]
    public void The_readme_links_what_is_in_the_packages() =>
        Page("README.md").Links.Where(link => !link.Contains("://", StringComparison.Ordinal)).Should().OnlyContain(link => link == "LICENSE" || link.StartsWith("docs/", StringComparison.Ordinal));

    [Fact]
    public void Every_page_is_in_the_index()
    {
        var index = Page("docs/README.md");
        var pages = All.Select(page => page.Path).Where(path => path.StartsWith("docs/", StringComparison.Ordinal) && path != index.Path).Select(path => path["docs/".Length..]);
        index.Links.Should().Contain(pages);
    }

    [Fact]
    public void The_readme_is_short() => Page("README.md").Text.TrimEnd('\n').Split('\n').Length.Should().BeLessThanOrEqualTo(LongestReadme);

    [Fact]
    public void The_tree_is_what_is_printed()
    {
        var tree = Regex.Match(Page("docs/inspection.md").Text, @"^```\n(module .*?)^```", RegexOptions.Singleline | RegexOptions.Multiline).Groups[1].Value.TrimEnd();
        InspectionPage.Inspect().ReplaceLineEndings("\n").Should().Be(tree);
    }

    [Fact]
    public void The_tables_of_variants_are_the_catalogue()
    {
        var rows = VariantRow().Matches(Page("docs/networks.md").Text).Select(match => (match.Groups[1].Value, match.Groups[2].Value));
        rows.Should().BeEquivalentTo(ModelCatalog.Variants.Select(variant => (variant.Name, variant.Parameters.ToString("N0", CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void The_table_of_families_is_the_catalogue()
    {
        var rows = FamilyRow().Matches(Page("README.md").Text).Select(match => (Classes: ClassName().Matches(match.Groups[1].Value).Select(name => name.Groups[1].Value), Count: match.Groups[2].Value)).ToArray();
        foreach (var (classes, count) in rows) ModelCatalog.Variants.Count(variant => classes.Contains(ClassOf(variant))).Should().Be(int.Parse(count, CultureInfo.InvariantCulture), string.Join(", ", classes));
        rows.SelectMany(row => row.Classes).Should().BeEquivalentTo(ModelCatalog.Variants.Select(ClassOf).Distinct());

        static string ClassOf(ModelVariant variant) => variant.Options.GetType().Name[..^"Options".Length];
    }

    [Fact]
    public void Packages_have_the_versions_of_this_build()
    {
        PackageVersion("UNetFamily").Should().Be(typeof(SegmentationModel).Assembly.GetName().Version!.ToString(3));
        PackageVersion("TorchSharp-cpu").Should().Be(typeof(torch).Assembly.GetName().Version!.ToString(3));

        static string PackageVersion(string package) => Regex.Match(Page("README.md").Text, $"Include=\"{package}\" Version=\"([0-9.]+)\"").Groups[1].Value;
    }

    private static GuidePage Page(string path) => All.Single(page => page.Path == path);

    private static string Unindented(string region)
    {
        var lines = region.TrimEnd().Split('\n');
        var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > 0 ? line[indent..] : line));
    }

    [GeneratedRegex(@"#region [^\n]*\n(.*?)[ ]*#endregion", RegexOptions.Singleline)]
    private static partial Regex Region();

    [GeneratedRegex(@"^\| `([a-z0-9-]+)` \|.*\| ([0-9,]+) \|$", RegexOptions.Multiline)]
    private static partial Regex VariantRow();

    [GeneratedRegex(@"^\| \[[^\]]+\]\(docs/networks\.md#[^)]+\) \| ([^|]+) \|.*\| ([0-9]+) \|$", RegexOptions.Multiline)]
    private static partial Regex FamilyRow();

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex ClassName();
}
