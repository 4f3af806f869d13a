namespace UNetFamily;

/// <summary>How <see cref="LearningCurve"/> names what it draws.</summary>
public sealed record LearningCurveOptions
{
    /// <summary>What was trained, above the picture.</summary>
    /// <value>"Training".</value>
    public string Title { get; init; } = "Training";

    /// <summary>What the score of a validation is, such as "mean Dice".</summary>
    /// <value>"validation score".</value>
    public string Score { get; init; } = "validation score";

    /// <summary>Whether a lower score is a better one, as in <see cref="TrainerOptions.LowerIsBetter"/>; the best is marked.</summary>
    /// <value>false.</value>
    public bool LowerIsBetter { get; init; }
}
