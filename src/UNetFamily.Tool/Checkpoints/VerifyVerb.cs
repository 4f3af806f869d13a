using System.Security.Cryptography;
using TorchSharp;

namespace UNetFamily.Tool;

/// <summary><c>verify</c>: whether a file is whole and its numbers are numbers.</summary>
internal static class VerifyVerb
{
    public static Command Create(Shell shell)
    {
        var options = new NetworkOptions();
        var verb = new Verb("verify", "Reads every number, compares checksums, and counts numbers that are not finite.") { options.File, options.StateDict };
        return shell.Does(verb, (parsed, screen) =>
        {
            using var checkpoint = Checkpoint.Open(parsed.GetRequiredValue(options.File), parsed.GetValue(options.StateDict));
            return Run(screen, checkpoint);
        });
    }

    private static int Run(Screen screen, Checkpoint checkpoint)
    {
        string? damage = null;
        screen.WithBytes("Checksums", checkpoint.FileLength, progress =>
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
        var odd = NotFinite(screen, checkpoint);
        var hash = Hash(screen, checkpoint);
        screen.Show(new { file = checkpoint.FileName, sha256 = hash, damage, notFinite = odd.Select(entry => new { name = entry.Name, count = entry.Count }) },
        [
            $"{checkpoint.FileName}: sha256 {hash}",
            damage ?? $"{checkpoint.Tensors.Count} tensors read{(checkpoint.Format is CheckpointFormat.TorchZip ? ", checksums right" : "; this format has no checksums")}",
            .. odd.Select(entry => $"  {SafeText.Of(entry.Name)}: {entry.Count} numbers are not finite"),
        ]);
        return damage is null && odd.Count == 0 ? ExitCode.Fine : ExitCode.Failed;
    }

    private static List<(string Name, long Count)> NotFinite(Screen screen, Checkpoint checkpoint)
    {
        Libtorch.Require();
        var odd = new List<(string Name, long Count)>();
        screen.WithBytes("Numbers", checkpoint.Tensors.Sum(entry => entry.Bytes), progress =>
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
        return odd;
    }

    private static string Hash(Screen screen, Checkpoint checkpoint)
    {
        using var stream = File.OpenRead(checkpoint.FileName);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        screen.WithBytes("SHA-256", stream.Length, progress =>
        {
            var buffer = new byte[1 << 20];
            var done = 0L;
            while (stream.Read(buffer) is > 0 and var read)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                progress.Report(done += read);
            }
        });
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
