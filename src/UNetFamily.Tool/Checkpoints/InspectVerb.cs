using System.Globalization;

namespace UNetFamily.Tool;

/// <summary><c>inspect</c>: what a file or a model folder of nnU-Net holds.</summary>
internal static class InspectVerb
{
    public static Command Create(Shell shell)
    {
        var options = new NetworkOptions();
        options.File.Description = "The checkpoint (.safetensors, .pth, .pt, .model), or a model folder of nnU-Net v2.";
        var verb = new Verb("inspect", "Lists what a file or a model folder of nnU-Net v2 holds, without reading its numbers.", "Nothing in a file is executed, whoever it is from.") { options.File, options.StateDict };
        return shell.Does(verb, (parsed, screen) =>
        {
            var (file, stateDict) = (parsed.GetRequiredValue(options.File), parsed.GetValue(options.StateDict));
            if (!Directory.Exists(file) || !File.Exists(Path.Combine(file, "plans.json"))) return Run(screen, file, stateDict);
            return stateDict is null ? InspectFolder.Run(screen, file) : throw new UsageException($"--state-dict is for a file, and {file} is a model folder of nnU-Net.");
        });
    }

    private static int Run(Screen screen, string file, string? stateDict)
    {
        using var checkpoint = Checkpoint.Open(file, stateDict);
        var numbers = checkpoint.Tensors.Sum(entry => entry.Count);
        screen.Show(new
        {
            file,
            format = checkpoint.Format.ToString(),
            bytes = checkpoint.FileLength,
            stateDict = checkpoint.Envelope,
            stateDicts = checkpoint.StateDicts,
            prefix = checkpoint.Prefix,
            numbers,
            metadata = checkpoint.Metadata,
            tensors = checkpoint.Tensors.Select(entry => new { name = entry.Name, shape = entry.Shape, type = entry.Type.ToString() }),
            others = checkpoint.Others.Select(item => new { name = item.Name, description = item.Description }),
        }, Lines());
        return ExitCode.Fine;

        IEnumerable<string> Lines()
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{file}: {checkpoint.Format}, {checkpoint.FileLength:N0} bytes, {checkpoint.Tensors.Count} tensors with {numbers:N0} numbers");
            if (checkpoint.Envelope.Length > 0) yield return $"weights in '{SafeText.Of(checkpoint.Envelope)}'";
            if (checkpoint.StateDicts.Count > 1) yield return $"--state-dict can be: {string.Join(", ", checkpoint.StateDicts.Select(name => $"'{SafeText.Of(name)}'"))}";
            if (checkpoint.Prefix.Length > 0) yield return $"names without their '{checkpoint.Prefix}'";
            foreach (var (name, text) in checkpoint.Metadata) yield return $"{SafeText.Of(name)}: {SafeText.Of(text)}";
            foreach (var entry in checkpoint.Tensors) yield return $"  {entry}";
            if (checkpoint.Others.Count > 0) yield return "beside them:";
            foreach (var item in checkpoint.Others) yield return $"  {item.Name}: {item.Description}";
        }
    }
}
