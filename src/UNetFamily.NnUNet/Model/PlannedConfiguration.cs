namespace UNetFamily.NnUNet;

/// <summary>One configuration of <c>plans.json</c>: what the network sees, and how images become that.</summary>
public sealed record PlannedConfiguration
{
    private const int LargestSide = 1 << 14;
    private const string Preprocessor = "DefaultPreprocessor";

    private PlannedConfiguration(PlansEntry entry) => Entry = entry;

    /// <summary>Its name, such as <c>3d_fullres</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The sides of the windows that the network takes, two or three, in the network's order of axes.</summary>
    public required ValueList<long> Patch { get; init; }

    /// <summary>The distance of voxels that images are resampled to, in millimetres: a number for each side of the patch.</summary>
    public required ValueList<double> Spacing { get; init; }

    /// <summary>The scheme of normalisation of each channel, such as <c>ZScoreNormalization</c>.</summary>
    public required ValueList<string> Normalizations { get; init; }

    /// <summary>For each channel, whether its normalisation leaves out what lies outside of the image's nonzero part.</summary>
    public required ValueList<bool> UseMaskForNorm { get; init; }

    /// <summary>The configuration whose labels this one takes as further channels; null for all but the second stage of a cascade.</summary>
    public required string? PreviousStage { get; init; }

    /// <summary>How images are resampled.</summary>
    public required ResamplingRule Data { get; init; }

    /// <summary>How labels of the stage before are resampled.</summary>
    public required ResamplingRule Segmentation { get; init; }

    /// <summary>How logits are resampled to the image.</summary>
    public required ResamplingRule Logits { get; init; }

    /// <summary>Whether the network is for slices or for volumes.</summary>
    public SpatialDims Dims => (SpatialDims)Patch.Count;

    internal PlansEntry Entry { get; }

    /// <summary>The spacing that an image is resampled to: slices that are segmented one by one keep their distance.</summary>
    /// <param name="image">The spacing of the image, its axes in the network's order.</param>
    internal VolumeSpacing Target(VolumeSpacing image) => Patch.Count == 2 ? VolumeSpacing.Of([image.Z, .. Spacing]) : VolumeSpacing.Of([.. Spacing]);

    internal IntensityNormalization Normalization(int channel, PlansFile plans) => IntensityNormalization.Of(Normalizations[channel], UseMaskForNorm[channel], plans.Intensities(channel));

    /// <summary>The configuration of an entry.</summary>
    /// <param name="entry">The entry with what it inherits.</param>
    /// <exception cref="ModelFolderException">A field is missing or wrong.</exception>
    internal static PlannedConfiguration Of(PlansEntry entry)
    {
        if (entry["preprocessor_name"].Text() is var preprocessor and not Preprocessor) throw entry["preprocessor_name"].Fail($"The preprocessor {preprocessor} isn't supported. Supported is {Preprocessor}.");
        ValueList<long> patch = [.. entry["patch_size"].Items().Select(side => (long)side.Integer(1, LargestSide))];
        ValueList<double> spacing = [.. entry["spacing"].Items().Select(distance => distance.Positive())];
        if (patch.Count is not (2 or 3)) throw entry["patch_size"].Fail($"It must have 2 or 3 sides, has {patch.Count}.");
        if (spacing.Count != patch.Count) throw entry["spacing"].Fail($"It must have as many numbers as the patch has sides, {patch.Count}; has {spacing.Count}.");
        foreach (var scheme in entry["normalization_schemes"].Items())
            if (!IntensityNormalization.Names.Contains(scheme.Text())) throw scheme.Fail($"The scheme {scheme.Text()} isn't supported. Supported are {string.Join(", ", IntensityNormalization.Names)}.");
        return new PlannedConfiguration(entry)
        {
            Name = entry.Name,
            Patch = patch,
            Spacing = spacing,
            Normalizations = [.. entry["normalization_schemes"].Items().Select(scheme => scheme.Text())],
            UseMaskForNorm = [.. entry["use_mask_for_norm"].Items().Select(use => use.Flag())],
            Data = ResamplingRules.Of(entry, "resampling_fn_data"),
            Segmentation = ResamplingRules.Of(entry, "resampling_fn_seg"),
            Logits = ResamplingRules.Of(entry, "resampling_fn_probabilities"),
            PreviousStage = entry.Find("previous_stage") is { IsNull: false } previous ? previous.Text() : null,
        };
    }
}
