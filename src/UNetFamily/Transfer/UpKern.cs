namespace UNetFamily;

/// <summary>
/// UpKern: a network with large kernels starts from the weights of the same network with small ones, or the other way round. Kernels are resampled linearly
/// (bilinear for images, trilinear for volumes), everything else is copied (Roy et al.: MedNeXt, 2023, Fig. 1b). It works for any network with odd kernels.
/// </summary>
/// <remarks>
/// The resampling is that of the authors' <c>upkern_load_weights</c> and <c>load_pretrained_weights_resampling</c>: half-pixel centres, values held at the
/// edge, not rescaled. Where their first function refuses images, this does as their second.
/// </remarks>
public static class UpKern
{
    /// <summary>Initializes a network from another.</summary>
    /// <param name="target">The network to initialize.</param>
    /// <param name="source">A network with the same names and channels; it is not changed.</param>
    /// <returns>What was copied, resampled and skipped.</returns>
    /// <exception cref="ArgumentException">Entries of a name don't fit; the message names them all, and nothing was changed.</exception>
    public static TransferReport Initialize(nn.Module target, nn.Module source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Initialize(target, source.state_dict());
    }

    /// <summary>
    /// Initializes a network from weights under our names. Entries that the source lacks keep their values; leave a head of other classes out of the
    /// dictionary to keep the target's.
    /// </summary>
    /// <param name="target">The network to initialize.</param>
    /// <param name="source">Tensors by name; they are not changed.</param>
    /// <returns>What was copied, resampled and skipped.</returns>
    /// <exception cref="ArgumentException">Entries of a name don't fit, or none has a counterpart; the message names them all, and nothing was changed.</exception>
    public static TransferReport Initialize(nn.Module target, IReadOnlyDictionary<string, Tensor> source)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(source);
        (target as SegmentationModel)?.ThrowIfDisposed();
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();

        var entries = target.state_dict();
        var shared = entries.Where(entry => source.ContainsKey(entry.Key)).Select(entry => (Name: entry.Key, To: entry.Value, From: source[entry.Key])).ToArray();
        Refuse(entries, source, shared);

        var values = shared.Select(entry => Fitted(entry.From, entry.To.shape)).ToArray();
        foreach (var (entry, value) in shared.Zip(values)) entry.To.copy_(value);
        return new TransferReport(
            Copied: [.. shared.Where(entry => !Differ(entry.From, entry.To)).Select(entry => entry.Name)],
            Resampled: [.. shared.Where(entry => Differ(entry.From, entry.To)).Select(entry => new ResampledKernel(entry.Name, Kernel(entry.From), Kernel(entry.To)))],
            Skipped: [.. entries.Keys.Where(name => !source.ContainsKey(name))],
            Unused: [.. source.Keys.Where(name => !entries.ContainsKey(name))]);
    }

    /// <summary>Initializes a network from a file: of ours, or of a project that the network's <see cref="SegmentationModelOptions.KeyMaps"/> know.</summary>
    /// <param name="target">The network to initialize.</param>
    /// <param name="path">The file: safetensors, <c>.pth</c>, <c>.pt</c> or <c>.model</c>, of a network with other kernels.</param>
    /// <returns>What was copied, resampled and skipped; what the file has beyond is under the file's names.</returns>
    /// <exception cref="CheckpointException">The file can't be read.</exception>
    /// <exception cref="ArgumentException">Entries of a name don't fit, or none has a counterpart; the message names them all, and nothing was changed.</exception>
    public static TransferReport Initialize(SegmentationModel target, string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        return Initialize(target, checkpoint);
    }

    /// <summary>As <see cref="Initialize(SegmentationModel, string)"/>, from an open file.</summary>
    /// <param name="target">The network to initialize.</param>
    /// <param name="checkpoint">The file.</param>
    public static TransferReport Initialize(SegmentationModel target, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(checkpoint);
        target.ThrowIfDisposed();
        using var scope = NewDisposeScope();
        var match = WeightMatch.Best(checkpoint, target, [null, .. target.Options.KeyMaps]);
        if (match.Counterparts.Count == 0)
            throw new ArgumentException($"No entry of {checkpoint.FileName} has a name of {target.GetName()}, neither ours nor one of {string.Join(", ", target.Options.KeyMaps)}.", nameof(checkpoint));
        return Initialize(target, match.Counterparts.ToDictionary(pair => pair.Key, pair => match.Read(pair.Value, pair.Key))) with { Unused = [.. match.Leftovers] };
    }

    private static void Refuse(Dictionary<string, Tensor> entries, IReadOnlyDictionary<string, Tensor> source, (string Name, Tensor To, Tensor From)[] shared)
    {
        if (shared.Length == 0)
            throw new ArgumentException($"No entry of the source has a name of the target. The source starts with '{source.Keys.FirstOrDefault() ?? "nothing"}', the target with '{entries.Keys.FirstOrDefault() ?? "nothing"}'; published names become ours through the network's key map.", nameof(source));

        var problems = shared.Select(entry => Problem(entry.From, entry.To) is { } problem ? $"{entry.Name}: {problem}" : null).OfType<string>().ToArray();
        if (problems.Length > 0)
            throw new ArgumentException($"{problems.Length} of {shared.Length} entries don't fit, and nothing was changed. {string.Join(" ", problems)}", nameof(source));
    }

    private static string? Problem(Tensor from, Tensor to)
    {
        if (from.is_floating_point() != to.is_floating_point()) return $"the source is of {from.dtype}, the target of {to.dtype}.";
        if (!Differ(from, to)) return null;
        var (old, wanted) = (from.shape, to.shape);
        var shapes = $"the source has ({string.Join(", ", old)}), the target ({string.Join(", ", wanted)})";
        if (old.Length != wanted.Length || old.Length is not (4 or 5)) return $"{shapes}; only kernels of convolutions are resampled.";
        if (!old.AsSpan(..2).SequenceEqual(wanted.AsSpan(..2))) return $"{shapes}; the first two sizes, the channels, must be equal.";
        return Kernel(from).Concat(Kernel(to)).All(side => side % 2 == 1) ? null : $"{shapes}; only odd kernels keep their centre.";
    }

    private static Tensor Fitted(Tensor from, long[] shape)
    {
        if (from.shape.AsSpan().SequenceEqual(shape)) return from;
        using var exact = from.to(from.dtype is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32);
        return Resampling.Resize(exact, shape[2..], alignCorners: false);
    }

    private static bool Differ(Tensor from, Tensor to) => !from.shape.AsSpan().SequenceEqual(to.shape);

    private static ValueList<long> Kernel(Tensor weight) => [.. weight.shape.Skip(2)];
}
