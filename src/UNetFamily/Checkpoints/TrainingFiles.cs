using System.Text.Json;
using static TorchSharp.torch.optim;

namespace UNetFamily;

/// <summary>
/// Saves a training so that it can go on later as if it had not been interrupted: on the CPU bit for bit. The file holds the network with its options,
/// the optimizer, and the state of torch's random numbers on the CPU; TorchSharp can't read those of a GPU, so a training there that wants to be repeatable
/// seeds them at the start of each epoch.
/// </summary>
public static class TrainingFiles
{
    internal const string ModelPrefix = "model.";
    private const string OptimizerPrefix = "optimizer.";
    private const string RandomName = "random.cpu";
    private const string OptimizerKey = "unetfamily.optimizer";
    internal const string PositionKey = "unetfamily.position";

    private const long MostScheduleSteps = 10_000_000;

    private static readonly JsonSerializerOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8, UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow };

    /// <summary>Saves a training between two steps. The file is whole or not there, as with <see cref="CheckpointSaving.Save(SegmentationModel, string, IReadOnlyDictionary{string, string}?)"/>.</summary>
    /// <param name="model">The network.</param>
    /// <param name="path">The file to write; one of that name is replaced.</param>
    /// <param name="optimizer">Its optimizer.</param>
    /// <param name="position">Where the training stands.</param>
    /// <exception cref="NotSupportedException">The optimizer remembers something other than tensors and numbers.</exception>
    public static void SaveTraining(this SegmentationModel model, string path, OptimizerHelper optimizer, TrainingPosition position)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(position);

        Write(model, path, optimizer, position, model.state_dict(), []);
    }

    /// <summary>As <see cref="SaveTraining"/>, with the weights given (float32 ones of a network that computes in less), and other tensors beside them.</summary>
    internal static void Write(SegmentationModel model, string path, OptimizerHelper optimizer, TrainingPosition position,
        IEnumerable<KeyValuePair<string, Tensor>> weights, IEnumerable<KeyValuePair<string, Tensor>> others)
    {
        using var scope = NewDisposeScope();
        var snapshot = OptimizerSnapshot.Of(optimizer);
        var metadata = CheckpointSaving.Metadata(model, weights);
        metadata[OptimizerKey] = JsonSerializer.Serialize(snapshot.Numbers, Strict);
        metadata[PositionKey] = JsonSerializer.Serialize(position, Strict);
        SafetensorsWriter.Write(path,
        [
            .. weights.Select(entry => SafetensorsItem.Of(ModelPrefix + entry.Key, entry.Value)),
            .. snapshot.Tensors.Select(entry => SafetensorsItem.Of(OptimizerPrefix + entry.Key, entry.Value)),
            .. others.Select(entry => SafetensorsItem.Of(entry.Key, entry.Value)),
            SafetensorsItem.Of(RandomName, get_rng_state()),
        ], metadata);
    }

    /// <summary>
    /// Goes on with a saved training: loads the network and the optimizer, brings the schedule to its position and restores torch's random numbers.
    /// Everything is checked before anything is changed. The optimizer's options become those of the file: of learning rate, momentum and betas because schedules
    /// change them, and others must be the same. Set other values afterwards.
    /// </summary>
    /// <param name="model">A network of the same options; <see cref="SegmentationModel.FromFile"/> makes it from the same file. Where it is in evaluation mode, as that leaves it, it is put into training mode.</param>
    /// <param name="path">The file that <see cref="SaveTraining"/> wrote.</param>
    /// <param name="optimizer">A fresh optimizer of the same kind over the network's parameters, in the same groups.</param>
    /// <param name="schedule">A fresh schedule on that optimizer, stepped here as often as the saved one was; null when there is none.</param>
    /// <returns>Where the training stands.</returns>
    /// <exception cref="CheckpointException">The file holds no training, or not one of this network and optimizer; the message names an option that differs.</exception>
    public static TrainingPosition ResumeTraining(this SegmentationModel model, string path, OptimizerHelper optimizer, lr_scheduler.LRScheduler? schedule = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(optimizer);
        model.ThrowIfDisposed();
        using var all = Checkpoint.Open(path, "");
        using var weights = Checkpoint.Open(path);
        var position = Resume(model, all, weights, optimizer, schedule);
        if (!ModuleModes.Trains(model.Whole)) model.Whole.train();
        return position;
    }

    /// <param name="model">The network.</param>
    /// <param name="all">All tensors of the file.</param>
    /// <param name="weights">Those of the network.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="schedule">The schedule.</param>
    internal static TrainingPosition Resume(SegmentationModel model, Checkpoint all, Checkpoint weights, OptimizerHelper optimizer, lr_scheduler.LRScheduler? schedule) =>
        Restore(all, optimizer, schedule, _ => model.Load(weights, keys: null));

    /// <param name="all">All tensors of the file.</param>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="schedule">The schedule.</param>
    /// <param name="load">Loads the weights, after the optimizer was checked and before it changes.</param>
    /// <param name="keepGroups">Whether the optimizer keeps its own learning rates and other options of groups.</param>
    internal static TrainingPosition Restore(Checkpoint all, OptimizerHelper optimizer, lr_scheduler.LRScheduler? schedule, Action<TrainingPosition> load, bool keepGroups = false)
    {
        using var scope = NewDisposeScope();
        var position = Parse<TrainingPosition>(all, PositionKey);
        if (position.ScheduleSteps is < 0 or > MostScheduleSteps) throw all.Fail(null, $"The schedule can't have been stepped {position.ScheduleSteps} times.");
        var numbers = OptimizerOf(all);
        var tensors = all.Tensors.Where(entry => entry.Name.StartsWith(OptimizerPrefix, StringComparison.Ordinal)).ToDictionary(entry => entry.Name[OptimizerPrefix.Length..]);
        var restore = OptimizerSnapshot.Prepare(all, optimizer, numbers, tensors, keepGroups);
        var random = StoredRandomState(all);

        load(position);
        for (var i = 0L; i < position.ScheduleSteps; i++) schedule?.step();
        restore();                                      // after the schedule, which has set learning rates of its own
        set_rng_state(random);
        return position;
    }

    /// <summary>The numbers of the optimizer that a training was saved with.</summary>
    internal static OptimizerNumbers OptimizerOf(Checkpoint all) => Parse<OptimizerNumbers>(all, OptimizerKey);

    private static Tensor StoredRandomState(Checkpoint checkpoint)
    {
        using var current = get_rng_state();
        var entry = checkpoint.Find(RandomName);
        return entry is { Type: ElementType.UInt8 } && entry.Shape.SequenceEqual(current.shape)
            ? Checked(checkpoint, entry)
            : throw checkpoint.Fail(null, $"The file lacks the state of the random numbers, or another version of libtorch wrote it: {entry?.ToString() ?? "nothing"} in place of {current.numel()} bytes.");
    }

    private static Tensor Checked(Checkpoint checkpoint, TensorEntry entry)
    {
        var state = checkpoint.Read(entry);
        return RandomState.Problem(state.bytes) is not { } problem ? state
            : throw checkpoint.Fail(entry.Position, $"The state of the random numbers is none that libtorch takes: {problem}.");
    }

    private static T Parse<T>(Checkpoint checkpoint, string key)
    {
        if (!checkpoint.Metadata.TryGetValue(key, out var text)) throw checkpoint.Fail(null, "The file holds weights, and no training to go on with.");
        try
        {
            return JsonSerializer.Deserialize<T>(text, Strict) ?? throw checkpoint.Fail(null, $"{key} is empty.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw checkpoint.Fail(null, $"{key} is not valid: {Printable.Of(e.Message)}", e);
        }
    }
}
