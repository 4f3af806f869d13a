namespace UNetFamily.Tool;

/// <summary><c>export-onnx</c>: a network with the weights of a file, as an ONNX file.</summary>
internal static class ExportOnnxVerb
{
    public static Command Create(Shell shell)
    {
        var options = new NetworkOptions();
        var output = new Argument<string>("output") { Description = "The ONNX file to write; one that is there is replaced." };
        var size = NetworkSize.Option("A spatial size that the network takes, such as 256 or 64,128,128.");
        var ends = Values.OneOf<OnnxOutput>("--ends-in", "What the network ends in, logits when left out.");
        var half = new Option<bool>("--half") { Description = "Store kernels as 16-bit numbers." };
        var auxiliary = new Option<bool>("--auxiliary") { Description = "Export the maps of deep supervision as well." };
        var norms = new Option<bool>("--keep-norms") { Description = "Leave norms beside the convolutions before them." };
        var domain = new Option<string?>("--domain") { Description = "The domain to export, of a network for several." };
        var level = new Option<int?>("--level") { Description = "The branch to export, of a UNet++." };
        var verb = new Verb("export-onnx", "Writes a network as an ONNX file.", "The network is that of a file that this library saved, or with --network that of any checkpoint. Notes in the file go along.")
            { options.File, output, size, options.StateDict, options.Network, options.InChannels, options.OutChannels, ends, half, auxiliary, norms, domain, level };
        return shell.Does(verb, (parsed, screen) => Run(screen, parsed.GetRequiredValue(options.File), parsed.GetRequiredValue(output), parsed.GetValue(options.StateDict), options.Of(parsed), parsed.GetValue(size)!, new OnnxExportOptions
        {
            Output = parsed.GetValue(ends),
            HalfWeights = parsed.GetValue(half),
            Auxiliary = parsed.GetValue(auxiliary),
            FoldNorms = !parsed.GetValue(norms),
            Domain = parsed.GetValue(domain),
            Level = parsed.GetValue(level),
        }));
    }

    private static int Run(Screen screen, string file, string output, string? stateDict, Target? target, long[] size, OnnxExportOptions options)
    {
        if (target is null && stateDict is not null) throw new UsageException("--state-dict needs --network: a file that knows its network has one alone.");
        using var checkpoint = Checkpoint.Open(file, stateDict);
        Libtorch.Require();
        using var model = screen.WithSpinner("Building", () => target is null ? SegmentationModel.FromFile(file) : target.Build());
        if (target is not null) model.Load(checkpoint);
        screen.Cancellation.ThrowIfCancellationRequested();
        // What the file has been told goes on with it; the library's own texts are written anew.
        var notes = checkpoint.Metadata.Where(entry => entry.Key != "format" && !entry.Key.StartsWith("unetfamily.", StringComparison.Ordinal)).ToDictionary();
        var sides = NetworkSize.Of(model, size);
        screen.WithSpinner("Exporting", () =>
        {
            model.ExportOnnx(output, Extent.Of(sides), options with { Notes = notes });
            return sides;
        });
        var beside = output + ".data";
        var text = string.Join(" x ", sides);
        screen.Show(new { file, output, network = model.GetName(), size = sides, notes = notes.Keys, data = File.Exists(beside) ? beside : null },
            [$"{output}: {model.GetName()} for {text}{(notes.Count > 0 ? $", with the notes {string.Join(", ", notes.Keys.Select(SafeText.Of))}" : "")}"]);
        return ExitCode.Fine;
    }
}
