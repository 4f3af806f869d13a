namespace UNetFamily;

/// <summary>Where a training stands: what can't be read off the network and the optimizer.</summary>
public sealed record TrainingPosition
{
    /// <summary>Finished epochs.</summary>
    public long Epoch { get; init; }

    /// <summary>Finished optimizer steps.</summary>
    public long Step { get; init; }

    /// <summary>How often the learning-rate schedule was stepped.</summary>
    public long ScheduleSteps { get; init; }

    /// <summary>The seed that the training began with; null when there was none.</summary>
    public long? Seed { get; init; }

    /// <summary>The best score so far; null when none was taken.</summary>
    public double? BestScore { get; init; }

    /// <summary>Anything else that the training needs to go on, such as the state of its own random numbers, as text.</summary>
    public IReadOnlyDictionary<string, string> Notes { get; init; } = new Dictionary<string, string>();
}
