namespace UNetFamily;

/// <summary>What happens to patches on their way into a batch: a transformation in space while the patch is read, then steps on the patch, in their order.</summary>
public sealed record Augmentation
{
    private const double AnisotropicFrom = 3;
    private const double ElongatedFrom = 1.5;

    /// <summary>Rotation and scale, or null for neither.</summary>
    /// <value>null.</value>
    public RandomAffine? Affine { get; init; }

    /// <summary>Changes of the patch, one after the other.</summary>
    /// <value>None.</value>
    public ValueList<PatchAugmentation> Steps { get; init; } = [];

    /// <summary>Patches as they are.</summary>
    public static Augmentation None { get; } = new();

    /// <summary>
    /// nnU-Net's training augmentations with its values and order (nnUNetTrainer, version 2): rotation, scale, noise, blur, brightness, contrast, low resolution, gamma inverted and plain, mirroring.
    /// A volume whose first side is less than a third of the longest counts as anisotropic: it is rotated, scaled and coarsened within its slices only, by any angle. Other volumes are rotated by
    /// up to 30° about each axis, images by up to 180°, or by up to 15° when one side is more than 1.5 times the other.
    /// </summary>
    /// <param name="dims">Images or volumes.</param>
    /// <param name="patchSize">(H, W) or (D, H, W).</param>
    /// <exception cref="ArgumentException">The patch size has another number of axes, or a side that is not positive.</exception>
    public static Augmentation NnUNet(SpatialDims dims, Extent patchSize)
    {
        var size = patchSize.Along(dims);
        if (size.Min() < 1) throw new ArgumentException($"patchSize must be positive on every axis, is {patchSize}.", nameof(patchSize));
        var inSlices = dims is SpatialDims.Three && (double)size.Max() / size[0] > AnisotropicFrom;
        double angle = (dims, inSlices) switch
        {
            (SpatialDims.Three, false) => 30,
            (SpatialDims.Two, _) when (double)size.Max() / size.Min() > ElongatedFrom => 15,
            _ => 180,
        };
        return new()
        {
            Affine = new() { Degrees = (-angle, angle), WithinSlices = inSlices },
            Steps =
            [
                new RandomNoise(),
                new RandomBlur(),
                new RandomBrightness(),
                new RandomContrast(),
                new RandomLowResolution { WithinSlices = inSlices },
                new RandomGamma { Probability = 0.1, Inverted = true },
                new RandomGamma(),
                new RandomMirror(),
            ],
        };
    }

    /// <summary>Everything that is wrong, a sentence each.</summary>
    internal IEnumerable<string> Problems(SpatialDims dims) =>
        [.. Affine?.Problems() ?? [], .. Steps.SelectMany(step => step.Problems(dims).Select(problem => $"{step.GetType().Name}: {problem}"))];
}
