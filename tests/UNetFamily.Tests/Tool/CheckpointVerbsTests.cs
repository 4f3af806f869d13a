using System.Text.Json;
using UNetFamily.Tests.Checkpoints;
using UNetFamily.Tool;

namespace UNetFamily.Tests.Tool;

/// <summary>The verbs about checkpoints: what they print, and their exit codes.</summary>
public sealed class CheckpointVerbsTests : FileTests
{
    private static readonly string Official = Path.Combine(Reference.ReferenceCases.FolderOf("unet"), "ckpt-transposed-w4.pth");

    [Fact]
    public void Inspect_lists_names_shapes_and_the_rest()
    {
        var (code, output, _) = ToolRun.Of("inspect", TestFiles.Path("envelope.pth"));
        code.Should().Be(ExitCode.Fine);
        output.Should().Contain("9 tensors with 32 numbers").And.Contain("weights in 'state_dict'").And.Contain("head.weight (1, 2, 1, 1) Float32").And.Contain("args: object of argparse.Namespace, not made");

        var json = JsonDocument.Parse(ToolRun.Of("inspect", TestFiles.Path("envelope.pth"), "--json").Output).RootElement;
        json.GetProperty("format").GetString().Should().Be("TorchZip");
        json.GetProperty("tensors").EnumerateArray().First().GetProperty("name").GetString().Should().Be("body.0.weight");
        ToolRun.Of("inspect", TestFiles.Path("envelope.pth"), "--state-dict", "").Output.Should().Contain("1 tensors with 1 numbers");
    }

    [Fact]
    public void Convert_goes_to_our_names_and_back_to_the_original_s()
    {
        using (var model = (UNetOptions.Milesial(3, 2) with { Widths = [4, 8, 16, 32, 64] }).Build()) model.Save(folder.File("network.safetensors"));
        var (code, output, _) = ToolRun.Of("convert", Official, folder.File("ours.safetensors"), "--network", folder.File("network.safetensors"));
        (code, output).Should().Be((ExitCode.Fine, $"{folder.File("ours.safetensors")}: 118 tensors, from the names of milesial/Pytorch-UNet to those of UNetFamily\n"));
        ToolRun.Of("convert", folder.File("ours.safetensors"), folder.File("back.safetensors"), "--network", folder.File("network.safetensors"), "--names", "milesial").Code.Should().Be(ExitCode.Fine);
        ToolRun.Of("diff", Official, folder.File("back.safetensors")).Should().Be((ExitCode.Fine, "118 tensors, all equal\n", ""));
        ToolRun.Of("diff", Official, folder.File("ours.safetensors")).Code.Should().Be(ExitCode.Failed);
        ToolRun.Of("convert", Official, folder.File("x.safetensors"), "--network", "unet-paper").Code.Should().Be(ExitCode.Failed);
        File.Exists(folder.File("x.safetensors")).Should().BeFalse();
    }

    [Fact]
    public void Export_onnx_takes_the_notes_along()
    {
        using (var model = (UNetOptions.Milesial(3, 2) with { Widths = [4, 8, 16, 32, 64] }).Build()) model.Save(folder.File("network.safetensors"), new Dictionary<string, string> { ["classes"] = "a, b" });
        var (code, output, _) = ToolRun.Of("export-onnx", folder.File("network.safetensors"), folder.File("net.onnx"), "--size", "32,48", "--ends-in", "softmax", "--half");
        (code, output).Should().Be((ExitCode.Fine, $"{folder.File("net.onnx")}: UNet for 32 x 48, with the notes classes\n"));
        using (var network = OnnxNetwork.FromFile(folder.File("net.onnx"))) (network.Metadata["classes"], network.Metadata["unetfamily.output"]).Should().Be(("a, b", "Softmax"));

        ToolRun.Of("export-onnx", Official, folder.File("theirs.onnx"), "--size", "32", "--network", folder.File("network.safetensors"), "--json").Code.Should().Be(ExitCode.Fine);
        ToolRun.Of("export-onnx", Official, folder.File("x.onnx"), "--size", "32", "--network", "unet-paper").Code.Should().Be(ExitCode.Failed);
        ToolRun.Of("export-onnx", folder.File("network.safetensors"), folder.File("x.onnx"), "--size", "32,x")
            .Should().Be((ExitCode.WrongUsage, "", "--size needs 1 to 3 whole numbers of 1 to 65536, such as 256 or 64,128,128, not '32,x'. See unetfamily export-onnx --help.\n"));
        ToolRun.Of("export-onnx", folder.File("network.safetensors"), folder.File("x.onnx"), "--size", "1").Errors.Should().Contain("height of input");
        ToolRun.Of("export-onnx", folder.File("network.safetensors"), folder.File("x.onnx")).Code.Should().Be(ExitCode.WrongUsage);
        File.Exists(folder.File("x.onnx")).Should().BeFalse();
    }

    [Fact]
    public void Diff_suggests_rules_that_make_the_names_agree()
    {
        using var model = (UNetOptions.Milesial(3, 2) with { Widths = [4, 8, 16, 32, 64] }).Build();
        model.Save(folder.File("ours.safetensors"));
        var json = JsonDocument.Parse(ToolRun.Of("diff", Official, folder.File("ours.safetensors"), "--json").Output).RootElement;
        var rules = json.GetProperty("suggestedRules").EnumerateArray().Select(rule => rule.GetString()!.Split('"')).Select(cells => (KeyRule)new KeyRule.Rename(cells[1], cells[3])).ToArray();
        rules.Length.Should().BeInRange(1, 30);

        using var checkpoint = Checkpoint.Open(Official);
        model.Load(checkpoint, new KeyMap("suggested", rules)).IsComplete.Should().BeTrue();
    }

    [Fact]
    public void Diff_with_a_network_says_what_it_lacks()
    {
        var (code, output, _) = ToolRun.Of("diff", Official, "unet-milesial", "--out-channels", "5");
        code.Should().Be(ExitCode.Failed);
        output.Should().Contain("names of milesial/Pytorch-UNet").And.Contain("wrong shape: outc.conv.bias (here head.bias) is (2) in the file and (5) in the network.");
    }

    [Fact]
    public void Verify_finds_damage_and_numbers_that_are_none()
    {
        ToolRun.Of("verify", TestFiles.Path("views.pth")).Output.Should().Contain("10 tensors read, checksums right");

        var damaged = File.ReadAllBytes(TestFiles.Path("views.pth"));
        using (var checkpoint = Checkpoint.Open(TestFiles.Path("views.pth"))) damaged[checkpoint.Find("plain")!.Position] ^= 1;
        File.WriteAllBytes(folder.File("damaged.pth"), damaged);
        var (code, output, _) = ToolRun.Of("verify", folder.File("damaged.pth"));
        code.Should().Be(ExitCode.Failed);
        output.Should().Contain("is damaged: its checksum is");

        SafetensorsWriter.Write(folder.File("nan.safetensors"), [SafetensorsItem.Of("w", tensor(new[] { 1f, float.NaN, float.PositiveInfinity }))], new Dictionary<string, string>());
        ToolRun.Of("verify", folder.File("nan.safetensors")).Should().Match<(int Code, string Output, string Errors)>(run => run.Code == ExitCode.Failed && run.Output.Contains("w: 2 numbers are not finite"));
    }

    [Fact]
    public void Exit_codes_tell_a_wrong_command_from_a_wrong_file()
    {
        ToolRun.Of("inspect").Code.Should().Be(ExitCode.WrongUsage);
        ToolRun.Of("convert", Official, folder.File("x.safetensors"), "--network", "alexnet").Code.Should().Be(ExitCode.WrongUsage);
        ToolRun.Of("convert", Official, folder.File("x.safetensors"), "--names", "milesial").Code.Should().Be(ExitCode.WrongUsage);
        ToolRun.Of("inspect", folder.File("missing")).Code.Should().Be(ExitCode.Unreadable);
        File.WriteAllText(folder.File("text"), "no checkpoint");
        var (code, output, errors) = ToolRun.Of("inspect", folder.File("text"), "--json");
        code.Should().Be(ExitCode.Unreadable);
        errors.Should().Contain("none of the formats");
        JsonDocument.Parse(output).RootElement.GetProperty("error").GetProperty("position").GetInt64().Should().Be(0);
    }
}
