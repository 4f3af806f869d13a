namespace UNetFamily;

/// <summary>The choices of <see cref="PlainConvUNet"/>, named as the keyword arguments of the original.</summary>
public sealed record PlainConvUNetOptions : NnUNetOptions
{
    /// <summary>Convolutions at each stage of the encoder, finest first (<c>n_conv_per_stage</c>).</summary>
    /// <value>2 for all stages.</value>
    public ValueList<long> ConvsPerStage { get; init; } = [2];

    /// <summary>Whether the norm or the activation follows the convolution (<c>nonlin_first</c>).</summary>
    /// <value><see cref="ConvOrder.ConvNormAct"/>.</value>
    public ConvOrder Order { get; init; } = ConvOrder.ConvNormAct;

    /// <summary>What nnU-Net's planner makes for images, up to the number of stages, which follows from the patch.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="stages">The number of resolutions; the bottleneck is 2 to the power of stages - 1 times smaller than the patch, and has 4 pixels a side or more.</param>
    public static PlainConvUNetOptions Planner2d(long inChannels, long outChannels, int stages = 8) =>
        new() { InChannels = inChannels, OutChannels = outChannels, Stages = stages };

    /// <summary>What nnU-Net's planner makes for volumes of even resolution, up to the number of stages, which follows from the patch.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="stages">The number of resolutions; the bottleneck is 2 to the power of stages - 1 times smaller than the patch, and has 4 voxels a side or more.</param>
    public static PlainConvUNetOptions Planner3d(long inChannels, long outChannels, int stages = 6) =>
        new() { InChannels = inChannels, OutChannels = outChannels, Stages = stages, SpatialDims = SpatialDims.Three };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [NnUNetKeyMaps.Plain(this)];

    /// <inheritdoc/>
    public override PlainConvUNet Build() => new(this);

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        foreach (var problem in Listed(ConvsPerStage, nameof(ConvsPerStage), Stages, IsPositive)) yield return problem;
        if (!Enum.IsDefined(Order)) yield return $"Order must be ConvNormAct or ConvActNorm, is {(int)Order}.";

        // An even kernel changes the size at stride 1. A bottleneck of one convolution is strided, and no stage of the decoder repeats its kernel.
        var atStrideOne = KernelSizes.Count > 1 && ConvsPerStage is [.., 1] ? KernelSizes[..^1] : KernelSizes;
        if (!atStrideOne.All(kernel => kernel.IsOdd)) yield return $"KernelSizes must be odd, are {KernelSizes}.";
    }
}
