using System.Globalization;

namespace CheckpointTool;

/// <summary><c>inspect</c>: what a file or a model folder of nnU-Net holds.</summary>
internal static class Inspect
{
    public static int Run(Screen screen, string file, string? stateDict)
    {
        if (Directory.Exists(file) && File.Exists(Path.Combine(file, "plans.json"))) return InspectFolder.Run(screen, file);
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
        return Tool.Fine;

        IEnumerable<string> Lines()
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{file}: {checkpoint.Format}, {checkpoint.FileLength:N0} bytes, {checkpoint.Tensors.Count} tensors with {numbers:N0} numbers");
            if (checkpoint.Envelope.Length > 0) yield return $"weights in '{Text.Safe(checkpoint.Envelope)}'";
            if (checkpoint.StateDicts.Count > 1) yield return $"--state-dict can be: {string.Join(", ", checkpoint.StateDicts.Select(name => $"'{Text.Safe(name)}'"))}";
            if (checkpoint.Prefix.Length > 0) yield return $"names without their '{checkpoint.Prefix}'";
            foreach (var (name, text) in checkpoint.Metadata) yield return $"{Text.Safe(name)}: {Text.Safe(text)}";
            foreach (var entry in checkpoint.Tensors) yield return $"  {entry}";
            if (checkpoint.Others.Count > 0) yield return "beside them:";
            foreach (var item in checkpoint.Others) yield return $"  {item.Name}: {item.Description}";
        }
    }
}
