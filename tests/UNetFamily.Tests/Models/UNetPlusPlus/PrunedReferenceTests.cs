using System.Text.Json;
using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.UNetPlusPlus;

/// <summary>The section <c>pruned</c> of the reference cases: what the branches of the originals count, and that pruning changes no output.</summary>
public class PrunedReferenceTests
{
    public static TheoryData<string, string, int, long> Counts()
    {
        var data = new TheoryData<string, string, int, long>();
        foreach (var (folder, section) in ReferenceCases.Sections("unetplusplus", "pruned"))
            foreach (var entry in section.EnumerateObject().Where(entry => !entry.Name.StartsWith("max abs diff", StringComparison.Ordinal)))
                foreach (var level in entry.Value.EnumerateObject())
                    data.Add(folder, entry.Name.Split(' ')[0], int.Parse(level.Name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture), level.Value.GetInt64());
        return data;
    }

    public static TheoryData<string> Folders() => new(ReferenceCases.Sections("unetplusplus", "pruned").Where(entry => Difference(entry.Section) is not null).Select(entry => entry.Folder));

    [Theory]
    [MemberData(nameof(Counts))]
    public void A_branch_has_the_originals_parameters(string folder, string @case, int level, long parameters)
    {
        var options = UNetPlusPlusReference.Options(ReferenceCases.Find(folder, @case)) with { DeepSupervision = true };
        using var model = options.Build();
        using var pruned = model.Prune(level);
        pruned.parameters().Sum(parameter => parameter.numel()).Should().Be(parameters);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_pruned_network_is_as_far_from_its_branch_as_the_originals_is(string folder)
    {
        var allowed = Difference(ReferenceCases.Sections("unetplusplus", "pruned").Single(entry => entry.Folder == folder).Section)!.Value;
        using var noGradient = no_grad();
        using var model = UNetPlusPlusOptions.Nested(deepSupervision: true).Build();
        model.eval();
        using var input = DeterministicFill.Input("input", [1, 3, 32, 32]);
        using var full = model.call(input);

        foreach (var level in allowed.EnumerateObject())
        {
            var k = int.Parse(level.Name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
            using var pruned = model.Prune(k);
            using var output = pruned.call(input);
            TensorAssert.Close(output.Logits, full.FinestFirst[^k], level.Value.GetDouble(), $"branch {k}");
        }
    }

    private static JsonElement? Difference(JsonElement section)
    {
        var entry = section.EnumerateObject().FirstOrDefault(entry => entry.Name.StartsWith("max abs diff", StringComparison.Ordinal));
        return entry.Value.ValueKind is JsonValueKind.Object ? entry.Value : null;
    }
}
