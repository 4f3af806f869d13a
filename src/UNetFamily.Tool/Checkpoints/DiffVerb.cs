using System.Globalization;
using TorchSharp;

namespace UNetFamily.Tool;

/// <summary><c>diff</c>: a file beside a network or another file.</summary>
internal static class DiffVerb
{
    // A file may have a million entries; a screen shows this many differences, JSON all.
    private const int LongestList = 200;

    public static Command Create(Shell shell)
    {
        var options = new NetworkOptions();
        var other = NetworkOptions.Named("other", "Another checkpoint, or a network of the catalogue.");
        var verb = new Verb("diff", "Compares a file with a network or with another file, and suggests rules for names that differ.")
            { options.File, other, options.StateDict, options.InChannels, options.OutChannels };
        return shell.Does(verb, (parsed, screen) =>
        {
            var name = parsed.GetRequiredValue(other);
            var isFile = !Target.IsCatalogueName(name) && File.Exists(name);
            if (isFile && (parsed.Has(options.InChannels) || parsed.Has(options.OutChannels))) throw new UsageException($"--in-channels and --out-channels are for networks of the catalogue, and {name} is a file.");
            using var checkpoint = Checkpoint.Open(parsed.GetRequiredValue(options.File), parsed.GetValue(options.StateDict));
            Libtorch.Require();
            return isFile ? WithFile(screen, checkpoint, name) : WithNetwork(screen, checkpoint, options.Of(parsed, name));
        });
    }

    private static int WithNetwork(Screen screen, Checkpoint checkpoint, Target network)
    {
        using var scope = torch.NewDisposeScope();
        using var model = screen.WithSpinner("Building", network.Build);
        var report = model.Compare(checkpoint);
        var rules = report.IsComplete ? [] : RuleSuggestions.For(
            Shapes(checkpoint, report.Differences.Where(difference => difference.Problem is KeyProblem.Unexpected)),
            [.. report.Differences.Where(difference => difference.Problem is KeyProblem.Missing).Select(difference => (difference.Name, model.state_dict()[difference.Name].shape))],
            inOrder: checkpoint.Format is not CheckpointFormat.Safetensors);
        screen.Show(new { file = checkpoint.FileName, network = network.Name, origin = report.Origin, matching = report.Loaded.Count, differences = report.Differences, suggestedRules = rules },
            [report.ToString(), .. Suggested(rules)]);
        return report.IsComplete ? ExitCode.Fine : ExitCode.Failed;
    }

    private static int WithFile(Screen screen, Checkpoint checkpoint, string other)
    {
        using var second = Checkpoint.Open(other);
        var differences = new List<string>();
        screen.WithBytes("Comparing", checkpoint.Tensors.Sum(entry => entry.Bytes), progress => Compare(checkpoint, second, other, differences, progress));
        foreach (var entry in second.Tensors) if (checkpoint.Find(entry.Name) is null) differences.Add($"only in {other}: {entry}");
        var rules = RuleSuggestions.For(
            [.. checkpoint.Tensors.Where(entry => second.Find(entry.Name) is null).Select(entry => (entry.Name, entry.Shape.ToArray()))],
            [.. second.Tensors.Where(entry => checkpoint.Find(entry.Name) is null).Select(entry => (entry.Name, entry.Shape.ToArray()))],
            inOrder: checkpoint.Format is not CheckpointFormat.Safetensors && second.Format is not CheckpointFormat.Safetensors);
        screen.Show(new { file = checkpoint.FileName, other, differences, suggestedRules = rules },
            differences.Count == 0 ? [$"{checkpoint.Tensors.Count} tensors, all equal"] : [.. differences.Take(LongestList), .. Rest(differences.Count), .. Suggested(rules)]);
        return differences.Count == 0 ? ExitCode.Fine : ExitCode.Failed;
    }

    private static void Compare(Checkpoint checkpoint, Checkpoint second, string other, List<string> differences, IProgress<long> progress)
    {
        var done = 0L;
        foreach (var entry in checkpoint.Tensors)
        {
            if (second.Find(entry.Name) is not { } match) differences.Add($"only in {checkpoint.FileName}: {entry}");
            else if (!entry.Shape.Equals(match.Shape) || entry.Type != match.Type) differences.Add($"{entry} there, {match} in {other}");
            else if (entry.Obstacle is { } obstacle) differences.Add($"{entry} can't be compared. {obstacle}");
            else if (Distance(checkpoint, second, entry.Name) is { } distance) differences.Add(string.Create(CultureInfo.InvariantCulture, $"{entry}: numbers differ, by {distance:g3} at most"));
            progress.Report(done += entry.Bytes);
        }
    }

    /// <summary>The largest difference of two tensors; null when they are equal.</summary>
    private static double? Distance(Checkpoint first, Checkpoint second, string name)
    {
        using var scope = torch.NewDisposeScope();
        var (a, b) = (first.Read(name), second.Read(name));
        if (a.Equals(b)) return null;
        return a.is_complex() ? (a - b).abs().max().ToDouble() : (a.to(torch.ScalarType.Float64) - b.to(torch.ScalarType.Float64)).abs().max().ToDouble();
    }

    private static (string Name, long[] Shape)[] Shapes(Checkpoint checkpoint, IEnumerable<KeyDifference> differences) =>
        [.. differences.Select(difference => checkpoint.Find(difference.Name)).OfType<TensorEntry>().Select(entry => (entry.Name, entry.Shape.ToArray()))];

    private static IEnumerable<string> Rest(int count) => count > LongestList ? [$"and {count - LongestList} more"] : [];

    private static IEnumerable<string> Suggested(IReadOnlyList<string> rules) => rules.Count == 0 ? [] : ["suggested rules:", .. rules.Select(rule => $"  {SafeText.Of(rule)}")];
}
