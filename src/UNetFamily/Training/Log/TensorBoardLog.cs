using TorchSharp.Modules;

namespace UNetFamily;

/// <summary>
/// A training's epochs as an event file of TensorBoard, written as they end: <c>loss</c>, <c>score</c> and <c>learning_rate</c> over the steps. <c>tensorboard --logdir</c> with the folder, or one above it, shows them.
/// </summary>
/// <remarks>
/// The clock of the events goes with <see cref="TrainingProgress.Seconds"/>: TensorBoard's relative time is the time of training, without what lay between an interruption and a resumption.
/// </remarks>
public sealed class TensorBoardLog
{
    // Ends the names of the files that are ours.
    private const string Suffix = "unetfamily";

    private readonly SummaryWriter writer;
    private readonly double start;

    /// <summary>Begins an event file, and takes the place of those that an earlier one has left in the folder; files of other programs are left alone.</summary>
    /// <param name="folder">The folder, made when it isn't there.</param>
    /// <param name="epochs">What a resumed training goes on from, as in <see cref="TrainingLog.Epochs"/>; null: nothing.</param>
    /// <exception cref="IOException">The file can't be written.</exception>
    public TensorBoardLog(string folder, IReadOnlyList<TrainingProgress>? epochs = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var earlier = Directory.Exists(folder) ? Directory.GetFiles(folder, $"events.out.tfevents.*.{Suffix}") : [];
        start = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (epochs is [.., var last] ? last.Seconds : 0);
        writer = torch.utils.tensorboard.SummaryWriter(folder, Suffix);
        foreach (var epoch in epochs ?? []) Add(epoch);
        foreach (var file in earlier) File.Delete(file);
    }

    /// <summary>Writes an epoch. TensorBoard counts steps to 2 147 483 647.</summary>
    /// <param name="epoch">What a trainer reports at the end of an epoch.</param>
    public void Add(TrainingProgress epoch)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        Write("loss", epoch.Loss);
        if (epoch.Score is { } score) Write("score", score);
        Write("learning_rate", epoch.LearningRate);

        // The writer's clock has whole seconds; the one that it would read by itself has another unit than TensorBoard's.
        void Write(string name, double value) => writer.add_scalar(name, (float)value, (int)Math.Min(epoch.Step, int.MaxValue), (long)(start + epoch.Seconds));
    }
}
