using System.Reflection;
using System.Text.RegularExpressions;

namespace UNetFamily.Tests.Conventions;

/// <summary>What holds for every network: a new one is tested by being in the catalogue.</summary>
public class ModelConventionTests
{
    private static readonly Type[] Models = [.. typeof(SegmentationModel).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(SegmentationModel)) && !type.IsAbstract && type.IsPublic)];

    public static IEnumerable<object[]> Variants() => ModelCatalog.Variants.Select(variant => new object[] { variant.Name });

    public static IEnumerable<object[]> OptionTypes() =>
        typeof(SegmentationModel).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(SegmentationModelOptions)) && !type.IsAbstract).Select(type => new object[] { type });

    [Fact]
    public void Every_network_is_sealed_and_in_the_catalogue()
    {
        Models.Should().NotBeEmpty().And.OnlyContain(type => type.IsSealed);
        var built = ModelCatalog.Variants.Select(variant => variant.Options.GetType().GetMethod(nameof(SegmentationModelOptions.Build), Type.EmptyTypes)!.ReturnType);
        Models.Should().BeSubsetOf(built.Distinct());
    }

    [Fact]
    public void Every_module_of_the_library_is_sealed()
    {
        var modules = typeof(SegmentationModel).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(nn.Module)) && !type.IsAbstract);
        modules.Should().OnlyContain(type => type.IsSealed, "TorchSharp loses the layers of a class derived from one that has registered");
    }

    [Fact]
    public void Names_in_the_catalogue_are_unique_and_found()
    {
        ModelCatalog.Variants.Select(variant => variant.Name).Should().OnlyHaveUniqueItems().And.OnlyContain(name => Regex.IsMatch(name, "^[a-z0-9-]+$"));
        foreach (var variant in ModelCatalog.Variants) ModelCatalog.Find(variant.Name.ToUpperInvariant()).Should().BeSameAs(variant);
        FluentActions.Invoking(() => ModelCatalog.Find("alexnet")).Should().Throw<ArgumentException>().WithMessage("*alexnet*unet-paper*");
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Options_are_immutable(Type options)
    {
        var setters = options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true } set
            && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit)));
        setters.Should().BeEmpty();
        options.IsSealed.Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_variant_has_its_published_parameters_all_finite_and_good_keys(string name)
    {
        var variant = ModelCatalog.Find(name);
        using var scope = NewDisposeScope();
        using var model = variant.Options.Build();

        model.parameters().Sum(parameter => parameter.numel()).Should().Be(variant.Parameters);
        foreach (var (key, tensor) in model.state_dict())
        {
            key.Should().MatchRegex("^[a-z0-9_.]+$");
            tensor.isfinite().all().ToBoolean().Should().BeTrue("{0} should be initialized", key);
            tensor.abs().max().ToDouble().Should().BeLessThan(1e3, "{0} should be initialized", key);
        }
        variant.Options.Should().Be(variant.Options with { });
    }
}
