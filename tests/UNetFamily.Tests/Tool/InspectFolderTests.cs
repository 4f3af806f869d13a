using System.Text.Json;
using UNetFamily.Tests.Reference;
using UNetFamily.Tool;

namespace UNetFamily.Tests.Tool;

/// <summary>What <c>inspect</c> says of a model folder.</summary>
public class InspectFolderTests
{
    private static string Model(string name) => Directory.EnumerateDirectories(Path.Combine(ReferenceCases.FolderOf("nnunet"), name, "model")).Single();

    [Fact]
    public void Inspect_shows_what_a_model_folder_is()
    {
        var (code, output, _) = ToolRun.Of("inspect", Model("c07_regions"));

        code.Should().Be(ExitCode.Fine);
        output.Should().Contain("network: PlainConvUNet, 2 channels to 3, features [8, 12, 16]").And.Contain("patch: 24 x 24 x 24 at 1.4 x 1.4 x 1.4 mm")
            .And.Contain("regions: background 0, whole tumor 1+2+3, tumor core 2+3, enhancing tumor 3").And.Contain("folds: 0 (1000 epochs)").And.Contain("trainer: nnUNetTrainer; may be mirrored along axes [0, 1, 2]");
    }

    [Fact]
    public void Its_json_has_the_same()
    {
        var (_, output, _) = ToolRun.Of("inspect", Model("c06b_cascade_fullres"), "--json");

        var json = JsonDocument.Parse(output).RootElement;
        json.GetProperty("network").GetString().Should().Be("PlainConvUNet");
        json.GetProperty("previousStage").GetString().Should().Be("3d_lowres");
        json.GetProperty("inChannels").GetInt64().Should().Be(4);
    }

    [Fact]
    public void A_folder_that_cant_be_used_is_named()
    {
        var folder = Directory.CreateTempSubdirectory();
        File.WriteAllText(Path.Combine(folder.FullName, "plans.json"), "{}");

        var (code, _, errors) = ToolRun.Of("inspect", folder.FullName);

        code.Should().Be(ExitCode.Unreadable);
        errors.Should().Contain("plans.json: 'transpose_forward' is missing");
        folder.Delete(recursive: true);
    }
}
