namespace UNetFamily;

/// <summary>How a training ended.</summary>
/// <param name="Stop">Why it ended.</param>
/// <param name="Epochs">Finished epochs.</param>
/// <param name="Steps">Finished steps.</param>
/// <param name="BestScore">The best score; null when there was no validation.</param>
/// <param name="SkippedSteps">Steps without an update because scaled gradients overflowed.</param>
public sealed record TrainingResult(TrainingStop Stop, long Epochs, long Steps, double? BestScore, long SkippedSteps)
{
    /// <summary>Of a resumed training the options that are not those it was saved with, a sentence each; see <see cref="TrainerOptions.Resume"/>.</summary>
    public ValueList<string> ChangedOptions { get; init; } = [];
}

/// <summary>Why a training ended.</summary>
public enum TrainingStop
{
    /// <summary>All epochs are done.</summary>
    Finished,

    /// <summary>The score did not improve for <see cref="TrainerOptions.Patience"/> validations.</summary>
    EarlyStopping,

    /// <summary><see cref="TrainerOptions.TimeLimit"/> is over; the training can be resumed with a longer one.</summary>
    TimeLimit,
}
