using Readme;

namespace UNetFamily.Tests.Conventions;

/// <summary>What <c>build.sh api</c> makes: every public type of every package says what it is and leads to an example.</summary>
public class PublicTypesTests
{
    private static readonly PublicTypes Types = new(ReadmeTests.Root, AppContext.BaseDirectory);

    [Fact]
    public void It_has_every_package() =>
        Types.All.Select(type => type.Assembly.GetName().Name).Distinct().Should().Contain([nameof(UNetFamily), "UNetFamily.Imaging", "UNetFamily.NnUNet", "UNetFamily.Onnx"]);

    [Fact]
    public void Every_type_has_a_summary() => Types.All.Where(type => !Types.HasSummary(type)).Select(PublicTypes.Id).Should().BeEmpty();

    [Fact]
    public void Every_type_has_an_example_or_a_link_to_one() =>
        Types.All.Where(type => Types.Example(type) is null).Select(PublicTypes.Id).Should().BeEmpty(
            "a type is used in a snippet of README or docs, has an <example>, or is named as code on a page that has snippets");

    [Fact]
    public void A_type_that_no_page_knows_has_none() => Types.Example(typeof(PublicTypesTests)).Should().BeNull();

    [Fact]
    public void An_extension_is_shown_where_it_is_called() => Types.Example(typeof(InferencePlanning)).Should().Contain("docs/inference.md").And.Contain("model.ForInference(");
}
