namespace CheckpointTool;

/// <summary><c>export-onnx</c>: a network with the weights of a file, as an ONNX file.</summary>
internal static class ExportOnnx
{
    public static int Run(Screen screen, string file, string output, string? stateDict, Target? target, string size, OnnxExportOptions options)
    {
        using var checkpoint = Checkpoint.Open(file, stateDict);
        using var model = target is null ? SegmentationModel.FromFile(file) : target.Build();
        if (target is not null)
        {
            try
            {
                model.Load(checkpoint);
            }
            catch (CheckpointMismatchException mismatch)
            {
                screen.Fail(mismatch.Message, new { mismatch.Report.FileName, differences = mismatch.Report.Differences });
                return Tool.Different;
            }
        }
        // What the file has been told goes on with it; the library's own texts are written anew.
        var notes = checkpoint.Metadata.Where(entry => entry.Key != "format" && !entry.Key.StartsWith("unetfamily.", StringComparison.Ordinal)).ToDictionary();
        model.ExportOnnx(output, SizeOf(size), options with { Notes = notes });
        var beside = output + ".data";
        screen.Show(new { file, output, network = model.GetName(), size, notes = notes.Keys, data = File.Exists(beside) ? beside : null },
            [$"{output}: {model.GetName()} for {size}{(notes.Count > 0 ? $", with the notes {string.Join(", ", notes.Keys)}" : "")}"]);
        return Tool.Fine;
    }

    private static Extent SizeOf(string text)
    {
        string[] parts = text.Split(',');
        long[] sides = [.. parts.Select(part => long.TryParse(part, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var side) ? side : 0)];
        return parts.Length <= 3 && sides.All(side => side > 0) ? Extent.Of(sides) : throw new ArgumentException($"--size needs 1 to 3 whole numbers, such as 256 or 64,128,128, not '{text}'.");
    }
}
