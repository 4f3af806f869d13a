using System.Diagnostics;

namespace UNetFamily;

/// <summary>
/// A training loop, small enough to be read in one sitting and replaced by your own: all that it uses (<see cref="LearningRateSchedule"/>, <see cref="MixedPrecision"/>,
/// <see cref="WeightAverage"/>, <see cref="EarlyStopping"/>, <see cref="TrainingLog"/>, <see cref="TrainingFiles"/>) works alone.
/// An interrupted and resumed training ends, on the CPU bit for bit, as an uninterrupted one.
/// </summary>
/// <param name="model">The network, on the device to train on, with float32 weights.</param>
/// <param name="batches">What it learns from.</param>
/// <param name="loss">The loss of the network's output and the labels, a scalar.</param>
/// <param name="optimizer">Makes the optimizer of the parameters that it is given, with the initial learning rates: <c>p => optim.SGD(p, 0.01, momentum: 0.99, nesterov: true)</c>.</param>
/// <param name="options">How to train.</param>
public sealed class Trainer(SegmentationModel model, IBatchSource batches, Func<SegmentationOutput, Tensor, Tensor> loss, Func<IEnumerable<Parameter>, OptimizerHelper> optimizer, TrainerOptions options)
{
    /// <summary>A trainer with a loss of every map of deep supervision.</summary>
    /// <param name="model">The network, on the device to train on, with float32 weights.</param>
    /// <param name="batches">What it learns from.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="optimizer">Makes the optimizer of the parameters that it is given, with the initial learning rates.</param>
    /// <param name="options">How to train.</param>
    public Trainer(SegmentationModel model, IBatchSource batches, DeepSupervisionLoss loss, Func<IEnumerable<Parameter>, OptimizerHelper> optimizer, TrainerOptions options)
        : this(model, batches, (output, labels) => loss.Of(output, labels), optimizer, options) => ArgumentNullException.ThrowIfNull(loss);

    /// <summary>A trainer with a loss of the logits at full resolution.</summary>
    /// <param name="model">The network, on the device to train on, with float32 weights.</param>
    /// <param name="batches">What it learns from.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="optimizer">Makes the optimizer of the parameters that it is given, with the initial learning rates.</param>
    /// <param name="options">How to train.</param>
    public Trainer(SegmentationModel model, IBatchSource batches, SegmentationLoss loss, Func<IEnumerable<Parameter>, OptimizerHelper> optimizer, TrainerOptions options)
        : this(model, batches, (output, labels) => loss.Of(output.Logits, labels), optimizer, options) => ArgumentNullException.ThrowIfNull(loss);

    /// <summary>
    /// Scores the network after an epoch. It is called in evaluation mode and without gradients, with the averaged weights if there are such, and takes float32 images in every
    /// <see cref="TrainerOptions.Precision"/>; dispose what it makes.
    /// </summary>
    /// <value>null: no validation, and no best weights.</value>
    public Func<SegmentationModel, double>? Validate { get; init; }

    /// <summary>Scales the loss, one for each training.</summary>
    /// <value>null: one with the usual numbers in <see cref="Precision.Half"/>, and none in the other precisions, which need none.</value>
    public GradientScaler? Scaler { get; init; }

    /// <summary>
    /// Trains to the end. Modules in evaluation mode stay in it, such as a frozen encoder's norms; only a network that is in it as a whole is put into training mode. The network then has
    /// the weights of the last step or, with averaging, their average, in float32.
    /// </summary>
    /// <param name="progress">Is told after every step and every epoch.</param>
    /// <param name="cancellation">Stops between two steps; the state is saved before the exception.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    /// <exception cref="IOException">The folder holds a training and <see cref="TrainerOptions.Resume"/> is not set, or (<see cref="CheckpointException"/>) not one of this network and these options.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="NotSupportedException">There is a <see cref="TrainerOptions.Folder"/>, and the network or the optimizer is none that can be saved; nothing was trained.</exception>
    /// <exception cref="TrainingDivergedException">The loss, the gradients or a validation's score are not finite.</exception>
    public TrainingResult Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Allocator.KeepFreedBlocksByDefault();

        using var state = new TrainingState(model, optimizer, Scaler, options);
        state.Begin();
        var (earlier, clock) = (state.Seconds, Stopwatch.StartNew());
        var log = options.Folder is { } folder ? new TrainingLog(Path.Combine(folder, "log.csv"), state.Epoch) : null;
        try
        {
            using var source = batches.From(state.Step, cancellation).GetEnumerator();
            if (!ModuleModes.Trains(model.Whole)) model.Whole.train();
            while (state.Epoch < options.Epochs && state.Stopping is not { IsOver: true })
            {
                while (state.Step < (state.Epoch + 1) * options.StepsPerEpoch)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (state.Seconds >= options.TimeLimit?.TotalSeconds) return End(state, TrainingStop.TimeLimit);
                    if (!source.MoveNext()) throw new InvalidOperationException($"The source of batches ended before step {state.Step}; it should have no end.");
                    var (rate, value) = Step(state, source.Current);
                    state.Seconds = earlier + clock.Elapsed.TotalSeconds;
                    progress?.Report(new() { Epoch = state.Epoch, Step = state.Step, LearningRate = rate, Loss = value, Seconds = state.Seconds });
                }
                var epoch = EndEpoch(state) with { Seconds = state.Seconds = earlier + clock.Elapsed.TotalSeconds };
                log?.Add(epoch);
                if (state.Epoch < options.Epochs && state.Epoch % options.SaveEvery == 0) state.Save();
                progress?.Report(epoch);
            }
            return End(state, state.Epoch < options.Epochs ? TrainingStop.EarlyStopping : TrainingStop.Finished);
        }
        catch (OperationCanceledException)
        {
            state.Save();
            throw;
        }
        finally
        {
            if (log is { Epochs.Count: > 0 }) LearningCurve.Save(Path.Combine(options.Folder!, "curve.png"), log.Epochs);
        }
    }

    private (double Rate, double Loss) Step(TrainingState state, TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        using var owned = batch;
        using var random = manual_seed(options.Seed + state.Step);
        var rate = options.Schedule.Apply(state.Optimizer, state.Step, options.Epochs * options.StepsPerEpoch);
        var device = state.Weights.Parameters[0].device;

        using var output = model.call(batch.Images.to(device));
        var value = loss(output, batch.Labels.to(device));
        state.Weights.ZeroGradients();
        (state.Scaler?.Scale(value) ?? value).backward();
        state.Weights.CollectGradients();

        var number = value.ToDouble();
        if (!double.IsFinite(number)) throw new TrainingDivergedException("The loss", number, state.Step, state.LastCheckpoint);
        var isFinite = state.Scaler?.Unscale(state.Weights.Parameters) ?? true;
        if (isFinite)
        {
            var norm = nn.utils.clip_grad_norm_(state.Weights.Parameters, options.ClipNorm ?? double.PositiveInfinity);
            if (!double.IsFinite(norm)) throw new TrainingDivergedException("The norm of the gradients", norm, state.Step, state.LastCheckpoint);
            state.Optimizer.step();
            state.Weights.UpdateWeights();
            state.Average?.Update();
        }
        state.Scaler?.Update(isFinite);
        state.SumOfLosses += number;
        state.Step++;
        return (rate, number);
    }

    private TrainingProgress EndEpoch(TrainingState state)
    {
        var loss = state.SumOfLosses / options.StepsPerEpoch;
        var due = (state.Epoch + 1) % options.ValidateEvery == 0 || state.Epoch + 1 == options.Epochs;
        var score = Validate is not null && due ? Score(state, Validate) : (double?)null;
        state.Epoch++;
        state.SumOfLosses = 0;
        return new() { Epoch = state.Epoch, Step = state.Step, LearningRate = state.Optimizer.ParamGroups.First().LearningRate, Loss = loss, Score = score, Seconds = state.Seconds, EndsEpoch = true };
    }

    private double Score(TrainingState state, Func<SegmentationModel, double> validate)
    {
        using var averaged = state.Average?.Apply();
        using var noGradient = no_grad();
        using var evaluation = ModuleModes.Evaluating(model.Whole);
        var score = validate(model);
        if (!double.IsFinite(score)) throw new TrainingDivergedException("The validation score", score, state.Step, state.LastCheckpoint);
        state.Judge(score);
        return score;
    }

    private static TrainingResult End(TrainingState state, TrainingStop stop)
    {
        state.Save();
        state.Average?.Assign();
        return new(stop, state.Epoch, state.Step, state.BestScore, state.Scaler?.Skipped ?? 0);
    }
}
