namespace CheckpointTool;

/// <summary><c>convert</c>: any checkpoint to safetensors.</summary>
internal static class Convert
{
    public static int Run(Screen screen, string file, string output, string? stateDict, Target? target, string names)
    {
        using var checkpoint = Checkpoint.Open(file, stateDict);
        if (target is null)
        {
            if (names != "ours") throw new ArgumentException("--names needs --network, which knows the names.");
            screen.WithProgress("converting", checkpoint.Tensors.Sum(entry => entry.Bytes), progress => checkpoint.SaveAs(output, progress));
            screen.Show(new { file, output, tensors = checkpoint.Tensors.Count }, [$"{output}: {checkpoint.Tensors.Count} tensors, under the names of {file}"]);
            return Tool.Fine;
        }

        using var model = target.Build();
        var keys = names == "ours" ? null : model.Options.KeyMaps.FirstOrDefault(map => map.Origin.Contains(names, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"{target.Name} has no names of '{names}'. There are: ours, {string.Join(", ", model.Options.KeyMaps.Select(map => map.Origin))}.");
        LoadReport report;
        try
        {
            report = model.Load(checkpoint);
        }
        catch (CheckpointMismatchException mismatch)
        {
            screen.Fail(mismatch.Message, new { mismatch.Report.FileName, differences = mismatch.Report.Differences });
            return Tool.Different;
        }
        if (keys is null) model.Save(output);
        else model.Export(output, keys);
        screen.Show(new { file, output, from = report.Origin, to = keys?.Origin ?? "ours", tensors = report.Loaded.Count },
            [$"{output}: {report.Loaded.Count} tensors, from the names of {report.Origin} to those of {keys?.Origin ?? "UNetFamily"}"]);
        return Tool.Fine;
    }
}
