namespace UNetFamily;

/// <summary>How long and how carefully a <see cref="Trainer"/> trains. The defaults are nnU-Net's (Isensee et al., 2021, Online Methods) where it has the choice.</summary>
public sealed record TrainerOptions
{
    /// <summary>Epochs of the whole training, 1 or more.</summary>
    /// <value>1000.</value>
    public long Epochs { get; init; } = 1000;

    /// <summary>Steps of an epoch, 1 or more: an epoch is a number of batches, since their source has no end.</summary>
    /// <value>250.</value>
    public long StepsPerEpoch { get; init; } = 250;

    /// <summary>
    /// How many batches a step learns from, 1 or more: their gradients are added up before the optimizer moves, each loss divided by this number. That is the mean over a batch that many times as large, and
    /// the same numbers where neither the network nor the loss mixes the samples of a batch (batch norm, batch Dice) and losses are means over as much. Memory is needed for one batch at a time.
    /// </summary>
    /// <value>1.</value>
    public long AccumulateBatches { get; init; } = 1;

    /// <summary>After how much time of training, earlier runs included, to stop between two steps; such a training can be resumed. The schedule knows nothing of it.</summary>
    /// <value>null: no limit.</value>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>The learning rate over the steps, as a factor of the optimizer's own.</summary>
    /// <value><see cref="LearningRateSchedule.Polynomial"/> with a power of 0.9.</value>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Polynomial();

    /// <summary>The largest norm of all gradients together, above 0; larger ones are scaled down to it (Pascanu et al., 2013).</summary>
    /// <value>12. null leaves gradients as they are.</value>
    public double? ClipNorm { get; init; } = 12;

    /// <summary>In which type the network computes; weights are learned in float32 in any case. See <see cref="MixedPrecision"/>.</summary>
    /// <value><see cref="Precision.Float32"/>.</value>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>The decay of a <see cref="WeightAverage"/>, 0 to below 1. With one, validation, the best weights and the final network are those of the average.</summary>
    /// <value>null: no average. 0.999 is usual.</value>
    public double? AverageDecay { get; init; }

    /// <summary>After how many epochs <see cref="Trainer.Validate"/> is called, 1 or more; the last epoch always is validated.</summary>
    /// <value>1.</value>
    public long ValidateEvery { get; init; } = 1;

    /// <summary>Whether a lower score is a better one, as of a loss or a distance.</summary>
    /// <value>false.</value>
    public bool LowerIsBetter { get; init; }

    /// <summary>After how many scores in a row without improvement to stop, 1 or more. See <see cref="EarlyStopping"/>.</summary>
    /// <value>null: never.</value>
    public int? Patience { get; init; }

    /// <summary>By how much more than this a score must beat the best to be an improvement for <see cref="Patience"/>.</summary>
    /// <value>0.</value>
    public double MinDelta { get; init; }

    /// <summary>
    /// Where the training is kept: <c>last.safetensors</c> to resume from (<see cref="TrainingFiles.SaveTraining"/>), <c>best.safetensors</c> with the weights of the best
    /// score (<see cref="SegmentationModel.FromFile"/>), <c>log.csv</c> (<see cref="TrainingLog"/>) and a file for TensorBoard (<see cref="TensorBoardLog"/>). Made when it isn't there.
    /// </summary>
    /// <value>null: nothing is kept.</value>
    public string? Folder { get; init; }

    /// <summary>
    /// After how many epochs <c>last.safetensors</c> is written, 1 or more; it is at the end of a run, too, however that comes: finished, cancelled, or by an exception in the source, the loss, validation or
    /// progress. After <see cref="TrainingDivergedException"/> alone the file before is kept, from which other options have more steps to make a difference.
    /// </summary>
    /// <value>1.</value>
    public long SaveEvery { get; init; } = 1;

    /// <summary>Whether to go on with the training in <see cref="Folder"/> where there is one. Without, a folder that holds one is an error.</summary>
    /// <remarks>
    /// <para>With the same options the training goes on as if it had not been interrupted. Other options are used from then on, and those that decide what is learned are reported
    /// (<see cref="TrainingResult.ChangedOptions"/>, <see cref="TrainingProgress.ChangedOptions"/>): <see cref="Epochs"/> (the schedule then runs over the new number), <see cref="AccumulateBatches"/>,
    /// <see cref="Schedule"/>, <see cref="ClipNorm"/>, <see cref="Precision"/>, the number in <see cref="AverageDecay"/>, <see cref="ValidateEvery"/>, <see cref="Patience"/>, <see cref="MinDelta"/>,
    /// <see cref="Seed"/>, and all numbers of the optimizer, such as its learning rates, momentum and decay. <see cref="TimeLimit"/> and <see cref="SaveEvery"/> are used, too.</para>
    /// <para>Refused by name: another kind of optimizer, other <see cref="StepsPerEpoch"/>, an average where there was none or none where there was one, and the other <see cref="LowerIsBetter"/> once
    /// there is a best score. The scaler of losses goes on where it stood. Cases, loss and validation are code that nothing is known of.</para>
    /// </remarks>
    /// <value>false.</value>
    public bool Resume { get; init; }

    /// <summary>
    /// The random numbers of step n, as of dropout, come from the seed plus n alone, on every device. libtorch has one generator for each device, so of trainings that run at the same time in one process none can
    /// be repeated bit for bit.
    /// </summary>
    /// <value>0.</value>
    public long Seed { get; init; }

    /// <summary>Everything that is wrong with these options, a sentence each.</summary>
    internal IEnumerable<string> Problems()
    {
        foreach (var (name, count) in new[] { (nameof(Epochs), Epochs), (nameof(StepsPerEpoch), StepsPerEpoch), (nameof(AccumulateBatches), AccumulateBatches), (nameof(ValidateEvery), ValidateEvery), (nameof(SaveEvery), SaveEvery), (nameof(Patience), Patience ?? 1) })
            if (count < 1) yield return $"{name} must be 1 or more, is {count}.";
        if (Epochs > 0 && StepsPerEpoch > 0 && AccumulateBatches > 0 && (double)Epochs * StepsPerEpoch * AccumulateBatches > long.MaxValue / 2)
            yield return $"{Epochs} Epochs of {StepsPerEpoch} steps{(AccumulateBatches > 1 ? $" of {AccumulateBatches} batches" : "")} are too many to count.";
        if (TimeLimit is { } limit && limit <= TimeSpan.Zero) yield return $"TimeLimit must be positive, is {limit}.";
        if (ClipNorm is not (null or > 0)) yield return $"ClipNorm must be above 0, is {ClipNorm}; null leaves gradients as they are.";
        if (AverageDecay is not (null or (>= 0 and < 1))) yield return $"AverageDecay must be from 0 to below 1, is {AverageDecay}; null takes no average.";
        if (MinDelta is not (>= 0 and < double.PositiveInfinity)) yield return $"MinDelta must be 0 or more, is {MinDelta}.";
        if (!Enum.IsDefined(Precision)) yield return $"Precision must be Float32, BFloat16 or Half, is {(int)Precision}.";
        if (Resume && Folder is null) yield return "Resume needs the Folder of the training.";
    }

    /// <summary>Throws when there are problems.</summary>
    internal void Validate() => Problems().ThrowIfAny(nameof(TrainerOptions));
}
