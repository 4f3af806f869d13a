namespace UNetFamily;

/// <summary>How a <see cref="PatchLoader"/> makes batches. Defaults are nnU-Net's where it has them.</summary>
public sealed record PatchLoaderOptions
{
    /// <summary>The size of patches in voxels, (H, W) or (D, H, W). It may be larger than a case, which is then padded.</summary>
    public required Extent PatchSize { get; init; }

    /// <summary>How many patches a batch has, 1 or more.</summary>
    public required int BatchSize { get; init; }

    /// <summary>
    /// The part of each batch that is made to hold foreground, 0 to 1: the last BatchSize - round(BatchSize · (1 - part)) patches. A single patch is forced from a part of 1/2 on, so a third forces
    /// nothing in batches of 1.
    /// </summary>
    /// <value>0.33: 1 of 2, 1 of 3, 1 of 4, 3 of 8.</value>
    public double OversampleForegroundPercent { get; init; } = 0.33;

    /// <summary>What lies around a case. 0 is the mean of an image that has been normalized to mean 0.</summary>
    /// <value>0.</value>
    public float PaddingValue { get; init; }

    /// <summary>The label around a case, 0 to 255: background, or the label to ignore.</summary>
    /// <value>0.</value>
    public int PaddingLabel { get; init; }

    /// <summary>What happens to patches.</summary>
    /// <value><see cref="Augmentation.None"/>.</value>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary>Where all random numbers start.</summary>
    /// <value>0.</value>
    public long Seed { get; init; }

    /// <summary>How many threads make batches, 1 or more. The batches are the same for any number.</summary>
    /// <value>2.</value>
    public int Workers { get; init; } = 2;

    /// <summary>How many batches are made ahead of the training step, 1 or more; each takes 4 bytes for a number of the image and 1 for a label.</summary>
    /// <value>4.</value>
    public int Prefetch { get; init; } = 4;

    /// <summary>Where the tensors shall be.</summary>
    /// <value>null: on the CPU.</value>
    public Device? Device { get; init; }

    /// <summary>How many patches of a batch are made to hold foreground.</summary>
    internal int Forced => BatchSize - (int)Math.Round(BatchSize * (1 - OversampleForegroundPercent));

    /// <summary>Everything that is wrong with these options, a sentence each.</summary>
    internal IEnumerable<string> Problems(SpatialDims dims, int channels)
    {
        var sized = PatchSize.Fits(dims) && PatchSize.All(side => side > 0);
        if (!sized) yield return $"PatchSize must be positive, with 1 or {(int)dims} axes; it is {PatchSize}.";
        if (BatchSize < 1) yield return $"BatchSize must be 1 or more, is {BatchSize}.";
        else if (sized && PatchSize.Along(dims).Aggregate(4.0 * BatchSize * channels, (bytes, side) => bytes * side) > int.MaxValue)
            yield return $"A batch of {BatchSize} patches of {PatchSize} with {channels} channels must be below 2 GiB.";
        if (!(OversampleForegroundPercent is >= 0 and <= 1)) yield return $"OversampleForegroundPercent must be 0 to 1, is {OversampleForegroundPercent}.";
        if (!float.IsFinite(PaddingValue)) yield return $"PaddingValue must be finite, is {PaddingValue}.";
        if (PaddingLabel is < 0 or > byte.MaxValue) yield return $"PaddingLabel must be 0 to {byte.MaxValue}, is {PaddingLabel}.";
        if (Workers < 1) yield return $"Workers must be 1 or more, is {Workers}.";
        if (Prefetch < 1) yield return $"Prefetch must be 1 or more, is {Prefetch}.";
        foreach (var problem in Augmentation.Problems(dims)) yield return problem;
    }
}
