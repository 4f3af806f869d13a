using System.Security.Cryptography;
using TorchSharp;

namespace CheckpointTool;

/// <summary><c>verify</c>: whether a file is whole and its numbers are numbers.</summary>
internal static class Verify
{
    public static int Run(Screen screen, string file, string? stateDict)
    {
        using var checkpoint = Checkpoint.Open(file, stateDict);
        string? damage = null;
        screen.WithProgress("checksums", checkpoint.FileLength, progress =>
        {
            try
            {
                checkpoint.Verify(progress);
            }
            catch (CheckpointException problem)
            {
                damage = problem.Message;
            }
        });
        var odd = new List<(string Name, long Count)>();
        screen.WithProgress("numbers", checkpoint.Tensors.Sum(entry => entry.Bytes), progress =>
        {
            var done = 0L;
            foreach (var entry in checkpoint.Tensors)
            {
                if (entry.Type is ElementType.Float16 or ElementType.BFloat16 or ElementType.Float32 or ElementType.Float64)
                {
                    using var scope = torch.NewDisposeScope();
                    var values = checkpoint.Read(entry.Name);
                    if (values.numel() - values.isfinite().sum().item<long>() is > 0 and var count) odd.Add((entry.Name, count));
                }
                progress.Report(done += entry.Bytes);
            }
        });
        using var stream = File.OpenRead(file);
        var hash = System.Convert.ToHexStringLower(SHA256.HashData(stream));
        screen.Show(new { file, sha256 = hash, damage, notFinite = odd.Select(entry => new { name = entry.Name, count = entry.Count }) },
        [
            $"{file}: sha256 {hash}",
            damage ?? $"{checkpoint.Tensors.Count} tensors read{(checkpoint.Format is CheckpointFormat.TorchZip ? ", checksums right" : "; this format has no checksums")}",
            .. odd.Select(entry => $"  {Text.Safe(entry.Name)}: {entry.Count} numbers are not finite"),
        ]);
        return damage is null && odd.Count == 0 ? Tool.Fine : Tool.Different;
    }
}
