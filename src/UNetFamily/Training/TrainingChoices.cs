using System.Globalization;

namespace UNetFamily;

/// <summary>The options that decide what a training learns, as texts in its file: so that another value is said when it is resumed, and not passed over.</summary>
internal static class TrainingChoices
{
    private const string Prefix = "option ";
    private const int Longest = 80;

    // A schedule sets it at every step, so it says nothing of what was asked for; the initial rate does.
    private const string RateNow = "LearningRate";

    /// <summary>The notes of a file.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Notes(TrainerOptions options) => Of(options).Select(choice => KeyValuePair.Create(Prefix + choice.Name, choice.Value));

    /// <summary>Which direction of scores a training was saved with; null when its file doesn't say.</summary>
    public static bool? LowerIsBetter(IReadOnlyDictionary<string, string> notes) =>
        notes.TryGetValue(Prefix + nameof(TrainerOptions.LowerIsBetter), out var text) && bool.TryParse(text, out var lower) ? lower : null;

    /// <summary>What is not as it was, a sentence each.</summary>
    /// <param name="options">The options now.</param>
    /// <param name="optimizer">The optimizer's numbers now.</param>
    /// <param name="notes">The notes of the file.</param>
    /// <param name="saved">The optimizer's numbers in the file, which fit the optimizer.</param>
    public static IEnumerable<string> Changes(TrainerOptions options, OptimizerNumbers optimizer, IReadOnlyDictionary<string, string> notes, OptimizerNumbers saved)
    {
        foreach (var (name, value) in Of(options))
            if (notes.TryGetValue(Prefix + name, out var before) && before != value) yield return $"{name} was {Printable.Of(before, Longest)} and is {value}.";

        foreach (var (index, (now, before)) in optimizer.Groups.Zip(saved.Groups).Index())
            foreach (var (name, value) in now)
                if (name != RateNow && before[name] != value)
                    yield return $"{name} of the optimizer{(optimizer.Groups.Count > 1 ? $"'s group {index}" : "")} was {Text(before[name])} and is {Text(value)}.";
    }

    private static (string Name, string Value)[] Of(TrainerOptions options) =>
    [
        (nameof(options.Epochs), Text(options.Epochs)),
        (nameof(options.AccumulateBatches), Text(options.AccumulateBatches)),
        (nameof(options.Schedule), Text(options.Schedule)),
        (nameof(options.ClipNorm), Text(options.ClipNorm)),
        (nameof(options.Precision), Text(options.Precision)),
        (nameof(options.AverageDecay), Text(options.AverageDecay)),
        (nameof(options.ValidateEvery), Text(options.ValidateEvery)),
        (nameof(options.LowerIsBetter), Text(options.LowerIsBetter)),
        (nameof(options.Patience), Text(options.Patience)),
        (nameof(options.MinDelta), Text(options.MinDelta)),
        (nameof(options.Seed), Text(options.Seed)),
    ];

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "none";
}
