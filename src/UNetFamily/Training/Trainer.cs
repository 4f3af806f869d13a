using System.Diagnostics;

namespace UNetFamily;

/// <summary>
/// A training loop, small enough to be read in one sitting and replaced by your own: all that it uses (<see cref="LearningRateSchedule"/>, <see cref="MixedPrecision"/>,
/// <see cref="WeightAverage"/>, <see cref="EarlyStopping"/>, <see cref="TrainingLog"/>, <see cref="TensorBoardLog"/>, <see cref="TrainingFiles"/>) works alone.
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
    /// <param name="cancellation">Stops between two steps. The state is saved before the exception; where that fails, the exception says so.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all. Or every parameter of the network is frozen.</exception>
    /// <exception cref="InvalidOperationException">The loss is no scalar or has no gradient, the source of batches ended, or the network is being trained by another trainer.</exception>
    /// <exception cref="IOException">The folder holds a training and <see cref="TrainerOptions.Resume"/> is not set, or (<see cref="CheckpointException"/>) not one of this network and these options.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="NotSupportedException">There is a <see cref="TrainerOptions.Folder"/>, and the network or the optimizer is none that can be saved; nothing was trained.</exception>
    /// <exception cref="TrainingDivergedException">The loss, the gradients, the running statistics or a validation's score are not finite. Weights and buffers are those before the step; what was saved before is kept.</exception>
    /// <remarks>
    /// What validation, the source, the loss or the progress throw comes through as it is, after the state was saved as for a cancellation. Others may predict with the network meanwhile, on threads of their own:
    /// steps and predictions wait for each other.
    /// </remarks>
    public TrainingResult Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        model.ThrowIfDisposed();
        Allocator.KeepFreedBlocksByDefault();

        using var training = NetworkMode.Train(model.Whole);
        using var state = Begin(cancellation);
        var (earlier, clock) = (state.Seconds, Stopwatch.StartNew());
        var log = options.Folder is { } folder ? new TrainingLog(Path.Combine(folder, "log.csv"), state.Epoch) : null;
        var board = log is null ? null : new TensorBoardLog(options.Folder!, log.Epochs);
        var changed = state.ChangedOptions;
        try
        {
            using var source = batches.From(state.Step * options.AccumulateBatches, cancellation).GetEnumerator();
            if (!ModuleModes.Trains(model.Whole))
            {
                using (NetworkMode.Change(model.Whole, cancellation)) model.Whole.train();
            }
            while (state.Epoch < options.Epochs && state.Stopping is not { IsOver: true })
            {
                while (state.Step < (state.Epoch + 1) * options.StepsPerEpoch)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (state.Seconds >= options.TimeLimit?.TotalSeconds) return End(state, TrainingStop.TimeLimit);
                    var (rate, value) = Step(state, source, cancellation);
                    state.Seconds = earlier + clock.Elapsed.TotalSeconds;
                    progress?.Report(new() { Epoch = state.Epoch, Step = state.Step, LearningRate = rate, Loss = value, Seconds = state.Seconds, ChangedOptions = changed });
                    changed = [];
                }
                var epoch = EndEpoch(state) with { Seconds = state.Seconds = earlier + clock.Elapsed.TotalSeconds };
                log?.Add(epoch);
                board?.Add(epoch);
                if (state.Epoch < options.Epochs && state.Epoch % options.SaveEvery == 0) state.Save();
                progress?.Report(epoch);
            }
            return End(state, state.Epoch < options.Epochs ? TrainingStop.EarlyStopping : TrainingStop.Finished);
        }
        catch (OperationCanceledException stop)
        {
            if (state.TrySave() is not { } unsaved) throw;
            throw new OperationCanceledException($"The training was cancelled after step {state.Step}, and could not be saved: {unsaved.Message}", unsaved, stop.CancellationToken);
        }
        catch (Exception problem) when (problem is not TrainingDivergedException)
        {
            if (state.TrySave() is { } unsaved) problem.Data["The training could not be saved"] = unsaved.Message;
            throw;
        }
    }

    private TrainingState Begin(CancellationToken cancellation)
    {
        using var alone = NetworkMode.Change(model.Whole, cancellation);
        var state = new TrainingState(model, optimizer, Scaler, options);
        try
        {
            state.Begin();
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    private (double Rate, double Loss) Step(TrainingState state, IEnumerator<TrainingBatch> source, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var random = manual_seed(options.Seed + state.Step);
        var rate = options.Schedule.Apply(state.Optimizer, state.Step, options.Epochs * options.StepsPerEpoch);
        var buffers = new BufferCopy(model.Whole);
        var (number, isFinite) = (0.0, true);
        try
        {
            state.Weights.ZeroGradients();
            for (var batch = 0L; batch < options.AccumulateBatches; batch++)
            {
                if (!source.MoveNext()) throw new InvalidOperationException($"The source of batches ended before step {state.Step}; it should have no end.");
                number += Learn(state, source.Current, cancellation) / options.AccumulateBatches;
            }
            isFinite = state.Scaler?.Unscale(state.Weights.Parameters) ?? true;
            if (isFinite)
            {
                var norm = nn.utils.clip_grad_norm_(state.Weights.Parameters, options.ClipNorm ?? double.PositiveInfinity);
                if (!double.IsFinite(norm)) throw state.Diverged("The norm of the gradients", norm);
                if (buffers.FirstNonFinite() is { } broken) throw state.Diverged($"The buffer '{broken.Name}'", broken.Value);
            }
        }
        catch
        {
            using (NetworkMode.Change(model.Whole, CancellationToken.None)) buffers.Restore();
            throw;
        }

        using var alone = NetworkMode.Change(model.Whole, CancellationToken.None);
        if (!isFinite) buffers.Restore();
        state.Take(number, isFinite);
        return (rate, number);
    }

    /// <summary>Adds the gradients of a batch. Alone with the network, which the source before and the progress after may well use.</summary>
    private double Learn(TrainingState state, TrainingBatch batch, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var owned = batch;
        using var alone = NetworkMode.Change(model.Whole, cancellation);
        var device = state.Weights.Parameters[0].device;
        using var output = model.call(batch.Images.to(device));
        var value = loss(output, batch.Labels.to(device)) ?? throw new InvalidOperationException("The loss is null.");
        if (value.numel() != 1) throw new InvalidOperationException($"The loss must be a scalar, and is ({string.Join(", ", value.shape)}). Take its mean or its sum.");
        if (!value.requires_grad) throw new InvalidOperationException("The loss has no gradient, because no trainable weight is in it. It must be computed from the network's output, without argmax, detach or no_grad on the way.");

        var number = value.ToDouble();
        if (!double.IsFinite(number)) throw state.Diverged("The loss", number);
        if (options.AccumulateBatches > 1) value = value / options.AccumulateBatches;
        (state.Scaler?.Scale(value) ?? value).backward();
        state.Weights.CollectGradients();
        return number;
    }

    private TrainingProgress EndEpoch(TrainingState state)
    {
        var loss = state.SumOfLosses / options.StepsPerEpoch;
        var rate = options.Schedule.Apply(state.Optimizer, state.Step - 1, options.Epochs * options.StepsPerEpoch);
        var due = (state.Epoch + 1) % options.ValidateEvery == 0 || state.Epoch + 1 == options.Epochs;
        var score = Validate is not null && due ? Score(state, Validate) : (double?)null;
        state.Epoch++;
        state.SumOfLosses = 0;
        return new() { Epoch = state.Epoch, Step = state.Step, LearningRate = rate, Loss = loss, Score = score, Seconds = state.Seconds, EndsEpoch = true };
    }

    private double Score(TrainingState state, Func<SegmentationModel, double> validate)
    {
        IDisposable? averaged;
        using (NetworkMode.Change(model.Whole)) averaged = state.Average?.Apply();
        try
        {
            using var noGradient = no_grad();
            using var evaluating = NetworkMode.Evaluate(model.Whole);
            var score = validate(model);
            if (!double.IsFinite(score)) throw new TrainingDivergedException("The validation score", score, state.Step, state.LastCheckpoint);
            state.Judge(score);
            return score;
        }
        finally
        {
            using (NetworkMode.Change(model.Whole)) averaged?.Dispose();
        }
    }

    private TrainingResult End(TrainingState state, TrainingStop stop)
    {
        state.Save();
        using (NetworkMode.Change(model.Whole)) state.Average?.Assign();
        return new(stop, state.Epoch, state.Step, state.BestScore, state.Scaler?.Skipped ?? 0) { ChangedOptions = state.ChangedOptions };
    }
}
