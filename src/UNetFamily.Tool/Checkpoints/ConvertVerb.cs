namespace UNetFamily.Tool;

/// <summary><c>convert</c>: any checkpoint to safetensors.</summary>
internal static class ConvertVerb
{
    private const string Ours = "ours";

    public static Command Create(Shell shell)
    {
        var options = new NetworkOptions();
        var output = new Argument<string>("output") { Description = "The safetensors file to write; one that is there is replaced." };
        var names = new Option<string>("--names") { Description = "Whose names to write: ours, or a project's such as milesial. Needs --network.", DefaultValueFactory = _ => Ours };
        names.CompletionSources.Add(Ours);
        var verb = new Verb("convert", "Writes safetensors: under the file's own names, or with --network under ours or a project's.")
            { options.File, output, options.StateDict, options.Network, names, options.InChannels, options.OutChannels };
        return shell.Does(verb, (parsed, screen) =>
        {
            var (file, target) = (parsed.GetRequiredValue(options.File), options.Of(parsed));
            var (written, whose) = (parsed.GetRequiredValue(output), parsed.GetRequiredValue(names));
            if (target is null && whose != Ours) throw new UsageException("--names needs --network, which knows the names.");
            if (Path.GetFullPath(written) == Path.GetFullPath(file)) throw new UsageException("<output> is <file>, which it would replace.");
            using var checkpoint = Checkpoint.Open(file, parsed.GetValue(options.StateDict));
            return target is null ? Plainly(screen, checkpoint, written) : Renamed(screen, checkpoint, written, target, whose);
        });
    }

    private static int Plainly(Screen screen, Checkpoint checkpoint, string output)
    {
        screen.WithBytes("Converting", checkpoint.Tensors.Sum(entry => entry.Bytes), progress => checkpoint.SaveAs(output, progress));
        screen.Show(new { file = checkpoint.FileName, output, tensors = checkpoint.Tensors.Count }, [$"{output}: {checkpoint.Tensors.Count} tensors, under the names of {checkpoint.FileName}"]);
        return ExitCode.Fine;
    }

    private static int Renamed(Screen screen, Checkpoint checkpoint, string output, Target target, string names)
    {
        Libtorch.Require();
        using var model = screen.WithSpinner("Building", target.Build);
        var keys = names == Ours ? null : model.Options.KeyMaps.FirstOrDefault(map => map.Origin.Contains(names, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"{target.Name} has no names of '{names}'. There are: {Ours}, {string.Join(", ", model.Options.KeyMaps.Select(map => map.Origin))}.");
        var report = screen.WithSpinner("Loading", () => model.Load(checkpoint));
        screen.Cancellation.ThrowIfCancellationRequested();
        if (keys is null) model.Save(output);
        else model.Export(output, keys);
        screen.Show(new { file = checkpoint.FileName, output, from = report.Origin, to = keys?.Origin ?? Ours, tensors = report.Loaded.Count },
            [$"{output}: {report.Loaded.Count} tensors, from the names of {report.Origin} to those of {keys?.Origin ?? "UNetFamily"}"]);
        return ExitCode.Fine;
    }
}
