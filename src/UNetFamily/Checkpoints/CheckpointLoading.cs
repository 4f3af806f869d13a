namespace UNetFamily;

/// <summary>Loads checkpoints into networks.</summary>
public static class CheckpointLoading
{
    // Numbers that change their type or device on the way pass through a buffer of this many.
    private const long StagedNumbers = 1 << 22;

    /// <summary>
    /// Loads a file of weights: ours, or one of a project that <see cref="SegmentationModelOptions.KeyMaps"/> knows; which one, its names tell. Every name,
    /// shape and type is checked before the first number is changed. The network keeps its device and its type of numbers.
    /// </summary>
    /// <param name="model">The network.</param>
    /// <param name="path">The file: safetensors, <c>.pth</c>, <c>.pt</c> or <c>.model</c>.</param>
    /// <returns>Whose names the file had, and what was loaded.</returns>
    /// <exception cref="CheckpointMismatchException">The file doesn't fit; the message has the whole difference, and the network is as it was.</exception>
    /// <exception cref="CheckpointException">The file can't be read. When a disk fails in the middle of reading numbers, those before are loaded.</exception>
    public static LoadReport Load(this SegmentationModel model, string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        return Load(model, checkpoint);
    }

    /// <summary>As <see cref="Load(SegmentationModel, string)"/>, from an open file.</summary>
    /// <param name="model">The network.</param>
    /// <param name="checkpoint">The file.</param>
    public static LoadReport Load(this SegmentationModel model, Checkpoint checkpoint) => Load(model, checkpoint, Maps(model), partial: false);

    /// <summary>Loads weights into any module, under the names of one project. All is checked first, as in <see cref="Load(SegmentationModel, string)"/>.</summary>
    /// <param name="module">The module.</param>
    /// <param name="checkpoint">The file.</param>
    /// <param name="keys">How the file's names become the module's; null when they are the same.</param>
    /// <returns>What was loaded.</returns>
    /// <exception cref="CheckpointMismatchException">The file doesn't fit; the message has the whole difference, and the module is as it was.</exception>
    public static LoadReport Load(this nn.Module module, Checkpoint checkpoint, KeyMap? keys) => Load(module, checkpoint, [keys], partial: false);

    /// <summary>
    /// Loads those entries that fit and leaves the others as they are: for fine-tuning with another number of classes or channels.
    /// The report says what was left out; read it.
    /// </summary>
    /// <param name="model">The network.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointMismatchException">Nothing at all fits.</exception>
    public static LoadReport LoadPartial(this SegmentationModel model, string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        return LoadPartial(model, checkpoint);
    }

    /// <summary>As <see cref="LoadPartial(SegmentationModel, string)"/>, from an open file.</summary>
    /// <param name="model">The network.</param>
    /// <param name="checkpoint">The file.</param>
    public static LoadReport LoadPartial(this SegmentationModel model, Checkpoint checkpoint) => Load(model, checkpoint, Maps(model), partial: true);

    /// <summary>Says how a file and a network fit together, and loads nothing.</summary>
    /// <param name="model">The network.</param>
    /// <param name="checkpoint">The file.</param>
    public static LoadReport Compare(this SegmentationModel model, Checkpoint checkpoint) => Match(model, checkpoint, Maps(model)).Report(model.GetName());

    private static IEnumerable<KeyMap?> Maps(SegmentationModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return [null, .. model.Options.KeyMaps];
    }

    private static WeightMatch Match(nn.Module module, Checkpoint checkpoint, IEnumerable<KeyMap?> maps)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(checkpoint);
        (module as SegmentationModel)?.ThrowIfDisposed();
        var match = WeightMatch.Best(checkpoint, module, maps);
        match.CompareAliases();
        return match;
    }

    /// <summary>As <see cref="Load(nn.Module, Checkpoint, KeyMap?)"/> under the module's own names, also into tensors that hold its weights more exactly than it does.</summary>
    internal static LoadReport LoadExact(nn.Module module, Checkpoint checkpoint, IReadOnlyDictionary<string, Tensor> exact) => Load(module, checkpoint, [null], partial: false, exact);

    private static LoadReport Load(nn.Module module, Checkpoint checkpoint, IEnumerable<KeyMap?> maps, bool partial, IReadOnlyDictionary<string, Tensor>? exact = null)
    {
        var match = Match(module, checkpoint, maps);
        var report = match.Report(module.GetName());
        if (partial && report.Loaded.Count == 0) throw new CheckpointMismatchException(report, "Nothing was loaded: no entry fits.");
        if (!partial && !report.IsComplete)
            throw new CheckpointMismatchException(report, $"Nothing was loaded. {nameof(LoadPartial)} takes what fits, for instance for another number of classes.");

        using var noGradient = no_grad();
        foreach (var (source, name, target) in match.Pairs) Copy(checkpoint, match, source, name, target);
        foreach (var (source, name, _) in match.Pairs)
        {
            if (exact?.GetValueOrDefault(name) is not { } copy) continue;
            using var numbers = match.Read(source, name);
            copy.copy_(numbers);
        }
        return report;
    }

    private static void Copy(Checkpoint checkpoint, WeightMatch match, TensorEntry source, string name, Tensor target)
    {
        using var scope = NewDisposeScope();
        var detached = target.detach();
        if (!match.IsPlain(source, name) || !detached.is_contiguous())
        {
            detached.copy_(match.Read(source, name).reshape(target.shape));
            return;
        }

        var (flat, type) = (detached.view(-1), checkpoint.TypeOf(source));
        if (type == target.dtype && target.device_type is DeviceType.CPU)
        {
            checkpoint.Fill(flat, source.Position, source);
            // The bytes went past autograd; an operation in place, if on nothing, makes a backward pass over an older forward pass notice them.
            flat.narrow(0, 0, 0).zero_();
            return;
        }
        var staging = empty([Math.Min(source.Count, StagedNumbers)], dtype: type);
        for (var done = 0L; done < source.Count; done += StagedNumbers)
        {
            var count = Math.Min(StagedNumbers, source.Count - done);
            using var part = staging.narrow(0, 0, count);
            using var place = flat.narrow(0, done, count);
            checkpoint.Fill(part, source.Position + done * source.Type.Bits() / 8, source);
            place.copy_(part);
        }
    }
}
