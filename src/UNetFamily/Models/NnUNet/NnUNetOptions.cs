namespace UNetFamily;

/// <summary>
/// What nnU-Net's networks have in common. Each property mirrors a keyword argument of the originals (MIC-DKFZ/dynamic-network-architectures,
/// <c>architectures/unet.py</c>), which it names; the defaults are those of nnU-Net's planner. A list holds an entry for each stage, finest first, or
/// one entry that stands for all.
/// </summary>
public abstract record NnUNetOptions : SegmentationModelOptions
{
    private protected NnUNetOptions()
    {
    }

    /// <summary>The number of resolutions, 2 or more (<c>n_stages</c>).</summary>
    public required int Stages { get; init; }

    /// <summary>Channels of each stage (<c>features_per_stage</c>). Left out, they are the planner's: 32, doubled from stage to stage up to 512 in 2D and 320 in 3D.</summary>
    /// <value>Null.</value>
    public ValueList<long>? FeaturesPerStage { get; init; }

    /// <summary>The kernel of each stage (<c>kernel_sizes</c>), odd on every axis.</summary>
    /// <value>3 for all stages; the planner has 1 along an axis that is still much coarser than the others.</value>
    public ValueList<Extent> KernelSizes { get; init; } = [3];

    /// <summary>The stride of the first convolution of each stage (<c>strides</c>). Left out, it is 1 at the first stage and 2 below.</summary>
    /// <value>Null.</value>
    public ValueList<Extent>? Strides { get; init; }

    /// <summary>Convolutions or residual blocks at each stage of the decoder, coarsest first: one entry less than stages (<c>n_conv_per_stage_decoder</c>).</summary>
    /// <value>2 for all stages of <see cref="PlainConvUNetOptions"/>, 1 for those of the residual networks.</value>
    public ValueList<long> ConvsPerStageDecoder { get; init; } = [2];

    /// <summary>Whether convolutions learn a bias, transposed ones included (<c>conv_bias</c>). The heads always do, projections of shortcuts never.</summary>
    /// <value>True.</value>
    public bool ConvBias { get; init; } = true;

    /// <summary>The normalization after each convolution (<c>norm_op</c>, <c>norm_op_kwargs</c>).</summary>
    /// <value><see cref="Normalization.Instance"/>.</value>
    public Normalization Norm { get; init; } = Normalization.Instance;

    /// <summary>The dropout between convolution and normalization (<c>dropout_op</c>, <c>dropout_op_kwargs</c>).</summary>
    /// <value><see cref="Regularization.None"/>.</value>
    public Regularization Dropout { get; init; } = Regularization.None;

    /// <summary>The activation (<c>nonlin</c>, <c>nonlin_kwargs</c>).</summary>
    /// <value><see cref="Activation.LeakyReLU"/> with a slope of 0.01.</value>
    public Activation Activation { get; init; } = Activation.LeakyReLU(0.01);

    /// <summary>Whether the coarser stages of the decoder return logits, too (<c>deep_supervision</c>). Their heads exist in either case, so weights fit both.</summary>
    /// <value>True, as nnU-Net trains.</value>
    public bool DeepSupervision { get; init; } = true;

    /// <summary>How fresh weights are drawn.</summary>
    /// <value><see cref="Initialization.NnUNet"/>, which nnU-Net's trainer applies.</value>
    public Initialization Initialization { get; init; } = Initialization.NnUNet;

    /// <summary>Features, kernel and stride of each stage, finest first.</summary>
    internal IReadOnlyList<NnUNetStage> EncoderStages
    {
        get
        {
            var (features, kernels) = (ForEachStage(FeaturesPerStage ?? PlannedFeatures, Stages), ForEachStage(KernelSizes, Stages));
            var strides = ForEachStage(Strides ?? [1, .. Enumerable.Repeat<Extent>(2, Stages - 1)], Stages);
            return [.. Enumerable.Range(0, Stages).Select(stage => new NnUNetStage(features[stage], kernels[stage], strides[stage]))];
        }
    }

    /// <summary>Sides that every stride divides; instance norm, which needs several positions to normalize, sets the smallest.</summary>
    internal InputSizes InputSizes
    {
        get
        {
            var divisor = EncoderStages.Aggregate(new long[] { 1, 1, 1 }[..(int)SpatialDims], (sides, stage) => [.. sides.Zip(stage.Stride.Along(SpatialDims), (side, step) => side * step)]);
            return InputSizes.MultiplesOf(SpatialDims, Extent.Of(divisor), cells: Norm.NeedsPositions ? 2 : 1);
        }
    }

    /// <summary>A list as one entry for each of the stages.</summary>
    internal static IReadOnlyList<T> ForEachStage<T>(ValueList<T> list, int stages) => list.Count == 1 ? [.. Enumerable.Repeat(list[0], stages)] : list;

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Stages < 2)
        {
            yield return $"Stages must be 2 or more, is {Stages}.";
            yield break;
        }

        var problems = Listed(FeaturesPerStage, nameof(FeaturesPerStage), Stages, IsPositive).Concat(Listed(ConvsPerStageDecoder, nameof(ConvsPerStageDecoder), Stages - 1, IsPositive))
            .Concat(Listed(KernelSizes, nameof(KernelSizes), Stages, IsPositive)).Concat(Listed(Strides, nameof(Strides), Stages, IsPositive)).ToArray();
        foreach (var problem in problems) yield return problem;
        if (problems.Length > 0) yield break;

        if (Norm.Problem(NormalizedWidths) is { } misfit) yield return $"Norm: {misfit}";
    }

    /// <summary>The channels of every map that a norm follows.</summary>
    private protected virtual IEnumerable<long> NormalizedWidths => EncoderStages.Select(stage => stage.Features);

    private protected static bool IsPositive(long number) => number > 0;

    private protected bool IsPositive(Extent extent) => extent.Fits(SpatialDims) && extent.All(IsPositive);

    private protected static IEnumerable<string> Listed<T>(ValueList<T>? list, string name, int stages, Func<T, bool> isValid)
    {
        if (list is null) yield break;
        if (list.Count != 1 && list.Count != stages) yield return $"{name} needs {stages} entries, or one for all; has {list.Count}.";
        if (!list.All(isValid)) yield return $"{name} must be positive{(typeof(T) == typeof(Extent) ? " and have the axes of SpatialDims" : "")}, are {list}.";
    }

    private ValueList<long> PlannedFeatures => [.. Enumerable.Range(0, Stages).Select(stage => Math.Min(32L << Math.Min(stage, 10), SpatialDims is SpatialDims.Two ? 512 : 320))];
}
