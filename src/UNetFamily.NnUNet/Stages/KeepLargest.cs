namespace UNetFamily.NnUNet;

/// <summary>Keeps of some labels taken together only the largest connected piece: nnU-Net's one kind of postprocessing. Voxels are connected over faces, edges and corners; of pieces of one size all are kept.</summary>
public sealed record KeepLargest
{
    private readonly int[] labels;

    /// <summary>Takes labels.</summary>
    /// <param name="labels">The labels that are one object.</param>
    /// <exception cref="ArgumentException">There are none, or a label is none.</exception>
    public KeepLargest(params IReadOnlyList<int> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count == 0 || labels.Any(label => label is < 0 or > ushort.MaxValue)) throw new ArgumentException($"Labels must be 0 to 65535, one or more, are {string.Join(", ", labels)}.", nameof(labels));
        this.labels = [.. labels.Distinct().Order()];
    }

    /// <summary>The labels that are one object.</summary>
    public IReadOnlyList<int> Labels => labels;

    /// <summary>What is written where smaller pieces were.</summary>
    /// <value>0.</value>
    public ushort Background { get; init; }

    /// <summary>Removes the smaller pieces.</summary>
    /// <param name="segmentation">A label for each voxel, X fastest, changed in place.</param>
    /// <param name="size">The volume's sides; an image has one slice.</param>
    /// <exception cref="ArgumentException">The labels don't fill the volume.</exception>
    public void Apply(ushort[] segmentation, VolumeSize size)
    {
        ArgumentNullException.ThrowIfNull(segmentation);
        if (segmentation.Length != size.Voxels) throw new ArgumentException($"{segmentation.Length} labels don't fill a volume of {size}.", nameof(segmentation));
        var chosen = new bool[ushort.MaxValue + 1];
        foreach (var label in labels) chosen[label] = true;
        var (runs, pieces) = ConnectedRuns.Of(segmentation, size, chosen);
        if (runs.Count == 0) return;
        var most = pieces.Max();
        foreach (var run in runs)
            if (pieces[run.Piece] < most) segmentation.AsSpan(run.Start, run.Length).Fill(Background);
    }

    /// <summary>Whether both do the same.</summary>
    public bool Equals(KeepLargest? other) => other is not null && Background == other.Background && labels.AsSpan().SequenceEqual(other.labels);

    /// <inheritdoc/>
    public override int GetHashCode() => labels.Aggregate((int)Background, HashCode.Combine);
}
