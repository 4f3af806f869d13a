namespace UNetFamily.Tests.Training;

/// <summary>Keeps what a trainer says, at once (the framework's own <c>Progress</c> posts it to other threads), and can do something about it.</summary>
internal sealed class Reports(Action<TrainingProgress>? react = null) : IProgress<TrainingProgress>
{
    public List<TrainingProgress> Steps { get; } = [];

    public List<TrainingProgress> Epochs { get; } = [];

    public void Report(TrainingProgress value)
    {
        (value.EndsEpoch ? Epochs : Steps).Add(value);
        react?.Invoke(value);
    }
}
