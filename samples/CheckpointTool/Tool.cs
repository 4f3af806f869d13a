using System.CommandLine;
using UNetFamily.NnUNet;

namespace CheckpointTool;

/// <summary>
/// Looks at checkpoints, compares, converts, exports and verifies them. Exit codes: 0 all is well, 1 files differ or one is damaged, 2 the command line is wrong,
/// 3 a file can't be read or written.
/// </summary>
public static class Tool
{
    public const int Fine = 0, Different = 1, WrongUsage = 2, Unreadable = 3;

    public static int Run(string[] arguments, TextWriter output, TextWriter errors)
    {
        var json = new Option<bool>("--json") { Description = "Write JSON to standard output.", Recursive = true };
        var root = new RootCommand("Looks at checkpoints (.safetensors, .pth, .pt, .model), compares, converts, exports and verifies them. Nothing in a file is executed. "
            + "Exit codes: 0 all is well, 1 files differ or one is damaged, 2 wrong command line, 3 a file can't be read or written.");
        root.Options.Add(json);

        var file = new Argument<string>("file") { Description = "The checkpoint; for inspect also a model folder of nnU-Net v2." };
        var stateDict = new Option<string?>("--state-dict") { Description = "Which entry of the file the weights are, where there are several." };
        var network = new Option<string?>("--network") { Description = "A network of the catalogue, such as unet-milesial, or a file that this library saved." };
        var inChannels = new Option<long?>("--in-channels") { Description = "Channels of the network's input, where not as published." };
        var outChannels = new Option<long?>("--out-channels") { Description = "Classes of the network, where not as published." };

        var inspect = new Command("inspect", "Lists what a file or a model folder of nnU-Net v2 holds, without reading its numbers.") { file, stateDict };
        inspect.SetAction(parsed => Guarded(parsed, screen => Inspect.Run(screen, parsed.GetRequiredValue(file), parsed.GetValue(stateDict))));

        var other = new Argument<string>("other") { Description = "Another checkpoint, or a network of the catalogue." };
        var diff = new Command("diff", "Compares a file with a network or with another file, and suggests rules for names that differ.") { file, other, stateDict, inChannels, outChannels };
        diff.SetAction(parsed => Guarded(parsed, screen => Diff.Run(screen, parsed.GetRequiredValue(file), parsed.GetValue(stateDict),
            Networks.IsName(parsed.GetRequiredValue(other)) || !File.Exists(parsed.GetRequiredValue(other)) ? new Target(parsed.GetRequiredValue(other), parsed.GetValue(inChannels), parsed.GetValue(outChannels)) : null,
            parsed.GetRequiredValue(other))));

        var result = new Argument<string>("output") { Description = "The safetensors file to write." };
        var names = new Option<string>("--names") { Description = "Whose names to write: ours, or a project's such as milesial. Needs --network.", DefaultValueFactory = _ => "ours" };
        var convert = new Command("convert", "Writes safetensors: under the file's own names, or with --network under ours or a project's.") { file, result, stateDict, network, names, inChannels, outChannels };
        convert.SetAction(parsed => Guarded(parsed, screen => Convert.Run(screen, parsed.GetRequiredValue(file), parsed.GetRequiredValue(result), parsed.GetValue(stateDict),
            parsed.GetValue(network) is { } name ? new Target(name, parsed.GetValue(inChannels), parsed.GetValue(outChannels)) : null, parsed.GetRequiredValue(names))));

        var verify = new Command("verify", "Reads every number, compares checksums, and counts numbers that are not finite.") { file, stateDict };
        verify.SetAction(parsed => Guarded(parsed, screen => Verify.Run(screen, parsed.GetRequiredValue(file), parsed.GetValue(stateDict))));

        var onnx = new Argument<string>("output") { Description = "The ONNX file to write." };
        var size = new Option<string>("--size") { Description = "A spatial size that the network takes, such as 256 or 64,128,128.", Required = true };
        var ends = new Option<OnnxOutput>("--output") { Description = "What it ends in.", DefaultValueFactory = _ => OnnxOutput.Logits };
        var half = new Option<bool>("--half") { Description = "Store kernels as 16-bit numbers." };
        var auxiliary = new Option<bool>("--auxiliary") { Description = "Export the maps of deep supervision as well." };
        var norms = new Option<bool>("--keep-norms") { Description = "Leave norms beside the convolutions before them." };
        var domain = new Option<string?>("--domain") { Description = "The domain to export, of a network for several." };
        var level = new Option<int?>("--level") { Description = "The branch to export, of a UNet++." };
        var exportOnnx = new Command("export-onnx", "Writes a network as an ONNX file: that of a file that this library saved, or with --network that of any checkpoint.")
            { file, onnx, size, stateDict, network, inChannels, outChannels, ends, half, auxiliary, norms, domain, level };
        exportOnnx.SetAction(parsed => Guarded(parsed, screen => ExportOnnx.Run(screen, parsed.GetRequiredValue(file), parsed.GetRequiredValue(onnx), parsed.GetValue(stateDict),
            parsed.GetValue(network) is { } name ? new Target(name, parsed.GetValue(inChannels), parsed.GetValue(outChannels)) : null, parsed.GetRequiredValue(size), new OnnxExportOptions
            {
                Output = parsed.GetValue(ends),
                HalfWeights = parsed.GetValue(half),
                Auxiliary = parsed.GetValue(auxiliary),
                FoldNorms = !parsed.GetValue(norms),
                Domain = parsed.GetValue(domain),
                Level = parsed.GetValue(level),
            })));

        foreach (var command in new[] { inspect, diff, convert, verify, exportOnnx }) root.Subcommands.Add(command);
        var parsed = root.Parse(arguments);
        if (arguments.Length > 0 && parsed.Errors.Count > 0)
        {
            errors.WriteLine($"{string.Join(" ", parsed.Errors.Select(error => error.Message))} See --help.");
            return WrongUsage;
        }
        var code = parsed.Invoke(new InvocationConfiguration { Output = output, Error = errors });
        return parsed.Errors.Count > 0 ? WrongUsage : code;

        int Guarded(ParseResult result, Func<Screen, int> run)
        {
            var screen = new Screen(output, errors, result.GetValue(json));
            try
            {
                return run(screen);
            }
            catch (CheckpointException problem)
            {
                screen.Fail(problem.Message, new { file = problem.FileName, position = problem.Position, reason = problem.Reason });
            }
            catch (ModelFolderException problem)
            {
                screen.Fail(problem.Message, new { file = problem.Path, reason = problem.Reason });
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                screen.Fail(problem.Message, new { reason = problem.Message });
            }
            catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
            {
                screen.Fail(problem.Message, new { reason = problem.Message });
                return WrongUsage;
            }
            return Unreadable;
        }
    }
}
