using System.Globalization;
using System.Text.RegularExpressions;
using Readme;

namespace UNetFamily.Tests.Conventions;

/// <summary>What the README shows compiles, and what it lists exists.</summary>
public partial class ReadmeTests
{
    private static readonly string Text = Read("README.md");

    [Fact]
    public void Its_code_is_that_of_the_sample()
    {
        var shown = CodeBlock().Matches(Text).Select(match => match.Groups[1].Value.TrimEnd());
        var compiled = Region().Matches(Read("Snippets.cs")).Select(match => Unindented(match.Groups[1].Value));
        shown.Should().NotBeEmpty().And.Equal(compiled, "README.md shows the regions of samples/Readme/Snippets.cs, in their order");
    }

    [Fact]
    public void Its_code_runs()
    {
        using var scope = NewDisposeScope();
        Snippets.Segment();
        Snippets.Train();
        Snippets.Volumes();
        Snippets.TrainingData();
    }

    [Fact]
    public void Its_tree_is_what_is_printed()
    {
        using var scope = NewDisposeScope();
        var tree = Regex.Match(Text, @"^```\n(module .*?)^```", RegexOptions.Singleline | RegexOptions.Multiline).Groups[1].Value.TrimEnd();
        Snippets.Inspect().ReplaceLineEndings("\n").Should().Be(tree);
    }

    [Fact]
    public void Its_table_is_the_catalogue()
    {
        var rows = NetworkRow().Matches(Text).Select(match => (match.Groups[1].Value, match.Groups[2].Value));
        rows.Should().Equal(ModelCatalog.Variants.Select(variant => (variant.Name, variant.Parameters.ToString("N0", CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void Its_packages_have_the_versions_of_this_build()
    {
        PackageVersion("UNetFamily").Should().Be(typeof(SegmentationModel).Assembly.GetName().Version!.ToString(3));
        PackageVersion("TorchSharp-cpu").Should().Be(typeof(torch).Assembly.GetName().Version!.ToString(3));

        static string PackageVersion(string package) => Regex.Match(Text, $"Include=\"{package}\" Version=\"([0-9.]+)\"").Groups[1].Value;
    }

    /// <summary>A copy that the project puts beside the tests, so that they run without the sources as well.</summary>
    private static string Read(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Shown", file)).ReplaceLineEndings("\n");

    private static string Unindented(string region)
    {
        var lines = region.TrimEnd().Split('\n');
        var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > 0 ? line[indent..] : line));
    }

    [GeneratedRegex(@"^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"#region [^\n]*\n(.*?)[ ]*#endregion", RegexOptions.Singleline)]
    private static partial Regex Region();

    [GeneratedRegex(@"^\| `([a-z0-9-]+)` \|.*\| ([0-9,]+) \|$", RegexOptions.Multiline)]
    private static partial Regex NetworkRow();
}
