namespace UNetFamily;

/// <summary>Where a training stands after a step, or after an epoch.</summary>
public sealed record TrainingProgress
{
    /// <summary>Finished epochs.</summary>
    public required long Epoch { get; init; }

    /// <summary>Finished steps, over all epochs.</summary>
    public required long Step { get; init; }

    /// <summary>The learning rate of the last step, of the optimizer's first group.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The loss of the last step; after an epoch the mean over its steps.</summary>
    public required double Loss { get; init; }

    /// <summary>What validation returned; null after a step, and after an epoch without one.</summary>
    public double? Score { get; init; }

    /// <summary>Seconds of training so far, earlier runs included.</summary>
    public required double Seconds { get; init; }

    /// <summary>In the first report of a resumed training the options that are not those it was saved with, a sentence each; see <see cref="TrainerOptions.Resume"/>.</summary>
    public ValueList<string> ChangedOptions { get; init; } = [];

    /// <summary>Whether an epoch has just ended.</summary>
    public bool EndsEpoch { get; init; }
}
