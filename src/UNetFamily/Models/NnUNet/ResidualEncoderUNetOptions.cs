namespace UNetFamily;

/// <summary>The choices of <see cref="ResidualEncoderUNet"/>, named as the keyword arguments of the original.</summary>
public sealed record ResidualEncoderUNetOptions : NnUNetResidualOptions
{
    /// <summary>
    /// What the planners of the residual encoder presets (M, L and XL, which differ in the memory that they aim at) make for images, up to the number of
    /// stages, which follows from the patch. Isensee et al., nnU-Net Revisited, MICCAI 2024.
    /// </summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="stages">The number of resolutions; the bottleneck is 2 to the power of stages - 1 times smaller than the patch, and has 4 pixels a side or more.</param>
    public static ResidualEncoderUNetOptions Planner2d(long inChannels, long outChannels, int stages = 8) =>
        new() { InChannels = inChannels, OutChannels = outChannels, Stages = stages };

    /// <summary>The same for volumes of even resolution.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="stages">The number of resolutions; the bottleneck is 2 to the power of stages - 1 times smaller than the patch, and has 4 voxels a side or more.</param>
    public static ResidualEncoderUNetOptions Planner3d(long inChannels, long outChannels, int stages = 6) =>
        new() { InChannels = inChannels, OutChannels = outChannels, Stages = stages, SpatialDims = SpatialDims.Three };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [NnUNetKeyMaps.ResidualEncoder(this)];

    /// <inheritdoc/>
    public override ResidualEncoderUNet Build() => new(this);
}
