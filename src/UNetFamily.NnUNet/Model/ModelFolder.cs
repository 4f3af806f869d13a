namespace UNetFamily.NnUNet;

/// <summary>
/// What a folder that nnU-Net v2 trained says of itself, without its weights: <c>plans.json</c>, <c>dataset.json</c> and the checkpoints of its folds. Nothing in it is executed, and the folder's own name
/// says nothing.
/// </summary>
public sealed record ModelFolder
{
    /// <summary>The checkpoint that nnU-Net takes.</summary>
    public const string FinalCheckpoint = "checkpoint_final.pth";

    private ModelFolder()
    {
    }

    /// <summary>The folder.</summary>
    public required string Path { get; init; }

    /// <summary>Its plans.</summary>
    public required PlansFile Plans { get; init; }

    /// <summary>Its data set.</summary>
    public required DatasetFile Dataset { get; init; }

    /// <summary>The configuration that was trained.</summary>
    public required PlannedConfiguration Configuration { get; init; }

    /// <summary>The class of nnU-Net that trained it.</summary>
    public required string Trainer { get; init; }

    /// <summary>The axes of a window along which the network may be mirrored.</summary>
    public required ValueList<int> MirrorAxes { get; init; }

    /// <summary>The folds to use, such as <c>0</c> or <c>all</c>, each with the epochs that it was trained for, where the file tells.</summary>
    public required ValueList<ModelFold> Folds { get; init; }

    /// <summary>The name of the folds' checkpoints.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The network.</summary>
    public required NnUNetOptions Network { get; init; }

    /// <summary>Reads a folder.</summary>
    /// <param name="path">The folder, as a rule called <c>TRAINER__PLANS__CONFIGURATION</c>.</param>
    /// <param name="folds">The folds to use, as in the folders' names: <c>0</c>, <c>all</c>. Left out, all that have a checkpoint, without <c>all</c>.</param>
    /// <param name="checkpoint">The name of the folds' checkpoints.</param>
    /// <param name="acceptTrainer">
    /// A class of trainer to take as well. nnU-Net's own that leave the network as planned are known; another may have changed it in a way that its weights don't show.
    /// </param>
    /// <exception cref="ModelFolderException">Something is missing or wrong, or can't be run exactly; the message names it.</exception>
    public static ModelFolder Read(string path, IReadOnlyCollection<string>? folds = null, string checkpoint = FinalCheckpoint, string? acceptTrainer = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(checkpoint);
        if (System.IO.Path.GetFileName(checkpoint) != checkpoint) throw new ArgumentException($"The checkpoint must be the name of a file in the folds' folders, is '{checkpoint}'. Usual: {FinalCheckpoint}.", nameof(checkpoint));
        if (!Directory.Exists(path)) throw new ModelFolderException(path, "There is no such folder.");
        var (plans, dataset) = (PlansFile.Read(In("plans.json")), DatasetFile.Read(In("dataset.json")));
        var names = FoldFolders.Choose(path, folds, checkpoint);

        using var first = new FoldCheckpoint(FoldFolders.FileOf(path, names[0], checkpoint));
        if (!Trainers.KeepNetwork(first.Trainer) && first.Trainer != acceptTrainer)
            throw first.Fail($"It was trained by {first.Trainer}, which isn't known to leave the network as the plans say. Where it does, say so by naming it ({nameof(acceptTrainer)}).");
        var configuration = plans.Configuration(first.Configuration);
        RequireChannels(configuration, dataset, plans);
        var mirrorAxes = first.MirrorAxes;
        if (mirrorAxes.Any(axis => axis >= configuration.Patch.Count)) throw first.Fail($"It may be mirrored along axes {mirrorAxes}, and its patch has {configuration.Patch.Count} axes.");
        var options = Architecture.Of(configuration, dataset.Channels.Count + (configuration.PreviousStage is null ? 0 : dataset.Foreground.Count), dataset.Heads.Count);

        return new ModelFolder
        {
            Path = path,
            Plans = plans,
            Dataset = dataset,
            Configuration = configuration,
            Trainer = first.Trainer,
            MirrorAxes = mirrorAxes,
            Folds = [.. names.Select(Described)],
            Checkpoint = checkpoint,
            Network = options,
        };

        string In(string name) => System.IO.Path.Combine(path, name);

        ModelFold Described(string name)
        {
            using var fold = new FoldCheckpoint(FoldFolders.FileOf(path, name, checkpoint));
            if (fold.Trainer != first.Trainer || fold.Configuration != first.Configuration)
                throw fold.Fail($"Fold {name} was trained by {fold.Trainer} for {fold.Configuration}, and fold {names[0]} by {first.Trainer} for {first.Configuration}. Folds of one model are alike.");
            if (!fold.MirrorAxes.SequenceEqual(mirrorAxes)) throw fold.Fail($"Fold {name} may be mirrored along axes {fold.MirrorAxes}, and fold {names[0]} along {mirrorAxes}. Folds of one model are alike.");
            return new ModelFold(name, fold.Epoch);
        }
    }

    private static void RequireChannels(PlannedConfiguration configuration, DatasetFile dataset, PlansFile plans)
    {
        var channels = dataset.Channels.Count;
        if (configuration.Normalizations.Count != channels || configuration.UseMaskForNorm.Count != channels)
            throw configuration.Entry.Fail($"normalization_schemes and use_mask_for_norm must have an entry for each of the {channels} channels of dataset.json, have {configuration.Normalizations.Count} and {configuration.UseMaskForNorm.Count}.");
        for (var channel = 0; channel < channels; channel++)
        {
            try
            {
                _ = configuration.Normalization(channel, plans);
            }
            catch (ArgumentException problem)
            {
                throw configuration.Entry.Fail($"Channel {channel} ({dataset.Channels[channel]}): {problem.Message}");
            }
        }
    }

    /// <summary>Builds the network of a fold, with its weights, in evaluation mode on the CPU.</summary>
    /// <param name="fold">One of <see cref="Folds"/>.</param>
    /// <exception cref="ModelFolderException">Its weights don't fit the network of the plans.</exception>
    public SegmentationModel LoadNetwork(ModelFold fold)
    {
        ArgumentNullException.ThrowIfNull(fold);
        using var checkpoint = new FoldCheckpoint(FoldFolders.FileOf(Path, fold.Name, Checkpoint));
        return checkpoint.Build(Network);
    }
}

/// <summary>A fold of a model.</summary>
/// <param name="Name">Its name, such as <c>0</c> or <c>all</c>.</param>
/// <param name="Epochs">The epochs that it was trained for; null where its checkpoint doesn't say.</param>
public sealed record ModelFold(string Name, long? Epochs);
