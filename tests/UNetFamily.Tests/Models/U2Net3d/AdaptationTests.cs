using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.U2Net3d;

/// <summary>The original's way to a new domain: a new network, with some weights of the old one copied and frozen.</summary>
public class AdaptationTests
{
    public static TheoryData<int> Recorded() => [.. Enumerable.Range(0, Adaptations().GetArrayLength())];

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Copies_and_freezes_what_the_original_does(int index)
    {
        var recorded = Adaptations()[index];
        var options = U2Net3dReference.OptionsOf(recorded.GetProperty("old"));
        var alone = U2Net3dReference.OptionsOf(recorded.GetProperty("new"));
        using var old = options.Build();
        using var adapted = old.AdaptedTo(alone.Domains[0]);

        var pairs = recorded.GetProperty("copied_and_frozen").EnumerateArray().Select(pair => (Old: pair[0].GetString()!, New: pair[1].GetString()!)).ToArray();
        var (before, after) = (old.state_dict(), adapted.state_dict());
        foreach (var (from, to) in pairs) TensorAssert.Equal(after[alone.KeyMaps[0].ToOurs(to)!], before[options.KeyMaps[0].ToOurs(from)!], to);
        adapted.named_parameters().Where(entry => !entry.parameter.requires_grad).Select(entry => alone.KeyMaps[0].ToOfficial(entry.name))
            .Should().BeEquivalentTo(pairs.Select(pair => pair.New));

        adapted.Options.Should().Be(alone with { Domains = [alone.Domains[0].Name] });
        old.parameters().Should().OnlyContain(parameter => parameter.requires_grad, "the old network stays as it is");
        pairs.Should().NotBeEmpty();
        old.SharedParameters().Where(entry => entry.Parameter.dim() > 1).Should().HaveCountGreaterThan(pairs.Length, "strided and upsampling convolutions are trained anew");
    }

    [Theory]
    [InlineData(AdapterKind.Separable, 22, 960_768, 5_037_662)]
    [InlineData(AdapterKind.None, 22, 23_671_040, 9_442_174)]
    public void Freezes_as_many_weights_as_the_published_network(AdapterKind adapter, int tensors, long frozen, long trained)
    {
        using var old = (U2Net3dOptions.Universal(["liver"]) with { Adapter = adapter }).Build();
        using var adapted = old.AdaptedTo("spleen");
        var kept = adapted.parameters().Where(parameter => !parameter.requires_grad).ToArray();
        kept.Should().HaveCount(tensors);
        kept.Sum(parameter => parameter.numel()).Should().Be(frozen);
        adapted.parameters().Sum(parameter => parameter.numel()).Should().Be(frozen + trained);
    }

    private static JsonElement Adaptations() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(ReferenceCases.FolderOf("u2net3d"), "cases.json"))).RootElement.GetProperty("adaptation");
}
