using System.Globalization;

namespace UNetFamily;

/// <summary>All of a training that a file must hold so that it can go on: weights, optimizer, average, scaler, and how far it is.</summary>
internal sealed class TrainingState : IDisposable
{
    private const string AveragePrefix = "average.";
    private const string Loss = "sum of losses", Time = "seconds", Updates = "updates of average", Best = "score to beat", Waited = "scores waited", EpochSteps = "steps per epoch";
    private const string ScaleNow = "loss scale", GoodSteps = "steps at loss scale", SkippedSteps = "skipped steps";

    private readonly SegmentationModel model;
    private readonly TrainerOptions options;

    // False while a step changes weights and optimizer: what is half changed is no state to go on from.
    private bool isWhole = true;

    public TrainingState(SegmentationModel model, Func<IEnumerable<Parameter>, OptimizerHelper> optimizer, GradientScaler? scaler, TrainerOptions options)
    {
        (this.model, this.options) = (model, options);
        if (!model.parameters().Any(parameter => parameter.requires_grad))
            throw new ArgumentException($"{model.GetName()} has nothing to train: all of its {model.parameters().Count()} parameters are frozen. Set requires_grad of those that shall learn.", nameof(model));
        Weights = new MixedPrecision(model, options.Precision);
        try
        {
            Optimizer = optimizer(Weights.Parameters.Where(parameter => parameter.requires_grad).ToArray());
        }
        catch
        {
            Weights.Dispose();          // the network is the caller's, and was in float32
            throw;
        }
        Average = options.AverageDecay is { } decay ? new WeightAverage(Weights, decay) : null;
        Scaler = scaler ?? (options.Precision is Precision.Half ? new GradientScaler() : null);
        Stopping = options.Patience is { } patience ? new EarlyStopping(patience, options.MinDelta, options.LowerIsBetter) : null;
    }

    public MixedPrecision Weights { get; }

    public OptimizerHelper Optimizer { get; }

    public WeightAverage? Average { get; }

    public GradientScaler? Scaler { get; }

    public EarlyStopping? Stopping { get; }

    public long Epoch { get; set; }

    public long Step { get; set; }

    public double SumOfLosses { get; set; }

    public double Seconds { get; set; }

    public double? BestScore { get; private set; }

    /// <summary>What the resumed training had other options for, a sentence each.</summary>
    public ValueList<string> ChangedOptions { get; private set; } = [];

    public string? LastCheckpoint => LastFile is { } file && File.Exists(file) ? file : null;

    private string? LastFile => options.Folder is { } folder ? Path.Combine(folder, "last.safetensors") : null;

    /// <summary>Goes on with the training in the folder, or makes the folder. What can't be saved is refused before it has cost an epoch.</summary>
    public void Begin()
    {
        if (options.Folder is null) return;
        CheckpointSaving.RequireSavable(model);
        OptimizerSnapshot.Of(Optimizer);
        Directory.CreateDirectory(options.Folder);
        if (LastCheckpoint is not { } file) return;
        if (!options.Resume) throw new IOException($"{file} is a training already. Set {nameof(TrainerOptions.Resume)} to go on with it, or take another {nameof(TrainerOptions.Folder)}.");

        using var all = Checkpoint.Open(file, "");
        using var weights = Checkpoint.Open(file);
        var own = OptimizerSnapshot.NumbersOf(Optimizer);
        var position = TrainingFiles.Restore(all, Optimizer, schedule: null, at =>
        {
            Check(all, at);
            Weights.Load(weights);
            Average?.Load(all, AveragePrefix);
        }, keepGroups: true);
        ChangedOptions = [.. TrainingChoices.Changes(options, own, position.Notes, TrainingFiles.OptimizerOf(all))];
        Take(all, position);
    }

    /// <summary>Ends a step: changes the weights, unless their gradients overflowed.</summary>
    public void Take(double loss, bool isFinite)
    {
        isWhole = false;
        if (isFinite)
        {
            Optimizer.step();
            Weights.UpdateWeights();
            Average?.Update();
        }
        Scaler?.Update(isFinite);
        SumOfLosses += loss;
        Step++;
        isWhole = true;
    }

    /// <summary>What a step that gave such a number is refused with.</summary>
    public TrainingDivergedException Diverged(string what, double value) => new(what, value, Step, LastCheckpoint);

    /// <summary>Takes a validation's score: the weights of the best one are kept.</summary>
    public void Judge(double score)
    {
        // The file comes first: where it can't be written, the score is not taken, and a resumed training takes it again.
        var isBest = EarlyStopping.Improves(score, BestScore, options.LowerIsBetter);
        if (isBest && options.Folder is { } folder) CheckpointSaving.Save(model, Path.Combine(folder, "best.safetensors"), Average?.StateDict ?? Weights.StateDict);
        if (isBest) BestScore = score;
        Stopping?.Add(score);
    }

    public void Save()
    {
        if (LastFile is null) return;
        var position = new TrainingPosition { Epoch = Epoch, Step = Step, Seed = options.Seed, BestScore = BestScore, Notes = Notes() };
        var others = Average?.StateDict.Select(entry => KeyValuePair.Create(AveragePrefix + entry.Key, entry.Value)) ?? [];
        TrainingFiles.Write(model, LastFile, Optimizer, position, Weights.StateDict, others);
    }

    /// <summary>Saves after something went wrong, if there is a state between two steps.</summary>
    /// <returns>What stood in the way; null when all is well.</returns>
    public Exception? TrySave()
    {
        if (!isWhole) return null;
        try
        {
            Save();
            return null;
        }
#pragma warning disable CA1031 // whatever it is, it must not hide why the training ended
        catch (Exception problem)
#pragma warning restore CA1031
        {
            return problem;
        }
    }

    public void Dispose()
    {
        using var alone = NetworkMode.Change(model.Whole);
        // They are as large as the weights, and moving the network would leave them alive; see Upstream/README.md.
        Weights.ZeroGradients();
        Average?.Dispose();
        Optimizer.Dispose();
        Weights.Dispose();
    }

    private Dictionary<string, string> Notes()
    {
        var notes = new Dictionary<string, double> { [Loss] = SumOfLosses, [Time] = Seconds, [EpochSteps] = options.StepsPerEpoch };
        if (Average is not null) notes[Updates] = Average.Updates;
        if (Stopping is not null) notes[Waited] = Stopping.Waited;
        if (Stopping?.Best is { } best) notes[Best] = best;
        if (Scaler is not null) (notes[ScaleNow], notes[GoodSteps], notes[SkippedSteps]) = (Scaler.LossScale, Scaler.GoodSteps, Scaler.Skipped);
        return notes.Select(note => KeyValuePair.Create(note.Key, note.Value.ToString("R", CultureInfo.InvariantCulture))).Concat(TrainingChoices.Notes(options)).ToDictionary();
    }

    private void Check(Checkpoint file, TrainingPosition position)
    {
        if (Note(file, position, EpochSteps) is { } perEpoch && perEpoch != options.StepsPerEpoch)
            throw file.Fail(null, $"The training has {Choice.Text(perEpoch)} steps an epoch; {nameof(TrainerOptions.StepsPerEpoch)} is {options.StepsPerEpoch} and must be the same.");
        if (position.Epoch < 0 || position.Step < position.Epoch * options.StepsPerEpoch || position.Step > (position.Epoch + 1) * options.StepsPerEpoch)
            throw file.Fail(null, $"Step {position.Step} after {position.Epoch} epochs of {options.StepsPerEpoch} steps is not possible.");
        if (position.Notes.ContainsKey(Updates) != Average is not null)
            throw file.Fail(null, $"The training was saved {(Average is null ? "with" : "without")} an average of weights; {nameof(TrainerOptions.AverageDecay)} must say the same.");
        if (position.BestScore is { } best && TrainingChoices.LowerIsBetter(position.Notes) is { } lower && lower != options.LowerIsBetter)
            throw file.Fail(null, $"The training's best score, {best}, is the {(lower ? "lowest" : "highest")}; {nameof(TrainerOptions.LowerIsBetter)} is {options.LowerIsBetter} and must be {lower}.");
    }

    private void Take(Checkpoint file, TrainingPosition position)
    {
        (Epoch, Step, BestScore) = (position.Epoch, position.Step, position.BestScore);
        (SumOfLosses, Seconds) = (Note(Loss) ?? 0, Note(Time) ?? 0);
        if (Average is not null) Average.Updates = Count(Updates);
        Stopping?.Resume(Note(Best) ?? BestScore, Count(Waited));
        if (Note(ScaleNow) is > 0 and var scale) Scaler?.Resume(scale, Count(GoodSteps), Count(SkippedSteps));

        int Count(string name) => (int)Math.Clamp(Note(name) ?? 0, 0, int.MaxValue);

        double? Note(string name) => TrainingState.Note(file, position, name);
    }

    private static double? Note(Checkpoint file, TrainingPosition position, string name)
    {
        if (!position.Notes.TryGetValue(name, out var text)) return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw file.Fail(null, $"The training's {name} can't be {Printable.Of(text, 40)}.");
    }
}
