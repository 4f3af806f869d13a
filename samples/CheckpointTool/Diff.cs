using TorchSharp;

namespace CheckpointTool;

/// <summary><c>diff</c>: a file beside a network or another file.</summary>
internal static class Diff
{
    // A file may have a million entries; a screen shows this many differences, JSON all.
    private const int LongestList = 200;

    public static int Run(Screen screen, string file, string? stateDict, Target? network, string other)
    {
        using var checkpoint = Checkpoint.Open(file, stateDict);
        return network is null ? WithFile(screen, checkpoint, other) : WithNetwork(screen, checkpoint, network);
    }

    private static int WithNetwork(Screen screen, Checkpoint checkpoint, Target network)
    {
        using var scope = torch.NewDisposeScope();
        using var model = network.Build();
        var report = model.Compare(checkpoint);
        var rules = report.IsComplete ? [] : RuleSuggestions.For(
            Shapes(checkpoint, report.Differences.Where(difference => difference.Problem is KeyProblem.Unexpected)),
            [.. report.Differences.Where(difference => difference.Problem is KeyProblem.Missing).Select(difference => (difference.Name, model.state_dict()[difference.Name].shape))],
            inOrder: checkpoint.Format is not CheckpointFormat.Safetensors);
        screen.Show(new { file = checkpoint.FileName, network = network.Name, origin = report.Origin, matching = report.Loaded.Count, differences = report.Differences, suggestedRules = rules },
            [report.ToString(), .. Suggested(rules)]);
        return report.IsComplete ? Tool.Fine : Tool.Different;
    }

    private static int WithFile(Screen screen, Checkpoint checkpoint, string other)
    {
        using var second = Checkpoint.Open(other);
        var differences = new List<string>();
        foreach (var entry in checkpoint.Tensors)
        {
            if (second.Find(entry.Name) is not { } match) differences.Add($"only in {checkpoint.FileName}: {entry}");
            else if (!entry.Shape.Equals(match.Shape) || entry.Type != match.Type) differences.Add($"{entry} there, {match} in {other}");
            else if (entry.Obstacle is { } obstacle) differences.Add($"{entry} can't be compared. {obstacle}");
            else if (Distance(checkpoint, second, entry.Name) is { } distance) differences.Add($"{entry}: numbers differ, by {distance:g3} at most");
        }
        foreach (var entry in second.Tensors) if (checkpoint.Find(entry.Name) is null) differences.Add($"only in {other}: {entry}");
        var rules = RuleSuggestions.For(
            [.. checkpoint.Tensors.Where(entry => second.Find(entry.Name) is null).Select(entry => (entry.Name, entry.Shape.ToArray()))],
            [.. second.Tensors.Where(entry => checkpoint.Find(entry.Name) is null).Select(entry => (entry.Name, entry.Shape.ToArray()))],
            inOrder: checkpoint.Format is not CheckpointFormat.Safetensors && second.Format is not CheckpointFormat.Safetensors);
        screen.Show(new { file = checkpoint.FileName, other, differences, suggestedRules = rules },
            differences.Count == 0 ? [$"{checkpoint.Tensors.Count} tensors, all equal"] : [.. differences.Take(LongestList), .. Rest(differences.Count), .. Suggested(rules)]);
        return differences.Count == 0 ? Tool.Fine : Tool.Different;
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

    private static IEnumerable<string> Suggested(IReadOnlyList<string> rules) => rules.Count == 0 ? [] : ["suggested rules:", .. rules.Select(rule => $"  {Text.Safe(rule)}")];
}
