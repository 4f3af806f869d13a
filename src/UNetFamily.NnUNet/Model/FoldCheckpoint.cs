namespace UNetFamily.NnUNet;

/// <summary>The checkpoint of a fold: what it says of its training, and its weights.</summary>
internal sealed class FoldCheckpoint : IDisposable
{
    private const string Weights = "network_weights";

    private readonly Checkpoint checkpoint;

    /// <exception cref="ModelFolderException">It can't be read, or isn't one of nnU-Net v2.</exception>
    public FoldCheckpoint(string file)
    {
        try
        {
            checkpoint = Checkpoint.Open(file, Weights);
        }
        catch (CheckpointException problem)
        {
            throw new ModelFolderException(file, $"{problem.Reason} A checkpoint of nnU-Net v2 holds its weights as '{Weights}'.", problem);
        }
    }

    public string FileName => checkpoint.FileName;

    /// <summary>The class that trained it.</summary>
    public string Trainer => Text("trainer_name");

    /// <summary>The configuration that it was trained with.</summary>
    public string Configuration => Text("init_args.configuration");

    /// <summary>The last epoch; null where the file doesn't say.</summary>
    public long? Epoch => checkpoint.TryGetValue("current_epoch", out var value) ? value as long? : null;

    /// <summary>The axes of a window along which its network may be mirrored. Where the file has no such entry, none, as in nnU-Net.</summary>
    public ValueList<int> MirrorAxes => !checkpoint.TryGetValue("inference_allowed_mirroring_axes", out var value) || value is null ? []
        : value is IReadOnlyList<object?> axes && axes.All(axis => axis is >= 0L and <= 2L) ? [.. axes.Select(axis => (int)(long)axis!)]
        : throw Fail("Its inference_allowed_mirroring_axes must be axes from 0 to 2.");

    /// <summary>Builds the network of a fold.</summary>
    /// <param name="options">What the plans say.</param>
    /// <exception cref="ModelFolderException">The plans ask for something that the file doesn't hold.</exception>
    public SegmentationModel Build(NnUNetOptions options)
    {
        RequirePlausible(options);
        SegmentationModel? network = null;
        try
        {
            network = options.Build();
            network.Load(checkpoint);
            network.eval();
            return network;
        }
        catch (ArgumentException problem)
        {
            throw Fail($"The network of the plans can't be built. {problem.Message}", problem);
        }
        catch (CheckpointException problem)
        {
            network?.Dispose();
            throw Fail($"Its weights don't fit the network of the plans: the trainer {Trainer} may have changed it, or the file belongs to other plans.\n{problem.Message}", problem);
        }
    }

    public ModelFolderException Fail(string reason, Exception? inner = null) => new(FileName, reason, inner);

    public void Dispose() => checkpoint.Dispose();

    /// <summary>Building allocates what the plans ask for, so they may not ask for what the file can't fill.</summary>
    private void RequirePlausible(NnUNetOptions options)
    {
        var largest = checkpoint.Tensors.SelectMany(tensor => tensor.Shape).DefaultIfEmpty().Max();
        long[] asked = [options.InChannels, options.OutChannels, .. options.FeaturesPerStage ?? [], .. options.KernelSizes.Where(kernel => kernel.Fits(options.SpatialDims)).SelectMany(kernel => kernel.Along(options.SpatialDims))];
        if (asked.Max() > largest) throw Fail($"The plans ask for {asked.Max()} channels or places of a kernel, and the largest tensor of the file has {largest}.");
        var layers = options.ConvsPerStageDecoder.Sum() + (options is PlainConvUNetOptions plain ? plain.ConvsPerStage.Sum() : 0) + (options is NnUNetResidualOptions residual ? (residual.BlocksPerStage ?? []).Sum() : 0);
        if (layers > checkpoint.Tensors.Count) throw Fail($"The plans ask for {layers} layers, and the file has {checkpoint.Tensors.Count} tensors.");
    }

    private string Text(string name) => checkpoint.TryGetValue(name, out var value) && value is string text ? text : throw Fail($"'{name}' is missing; every checkpoint of nnU-Net v2 has it.");
}
