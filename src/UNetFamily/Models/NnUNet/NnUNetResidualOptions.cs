namespace UNetFamily;

/// <summary>Which residual block a network of nnU-Net has.</summary>
public enum ResidualBlockKind
{
    /// <summary><see cref="BasicBlockD"/>: two convolutions.</summary>
    Basic,

    /// <summary><see cref="BottleneckD"/>: a convolution between two pointwise ones.</summary>
    Bottleneck,
}

/// <summary>What nnU-Net's networks with a residual encoder have in common. See <see cref="NnUNetOptions"/> for how properties mirror keyword arguments.</summary>
public abstract record NnUNetResidualOptions : NnUNetOptions
{
    private protected NnUNetResidualOptions() => ConvsPerStageDecoder = [1];

    /// <summary>Residual blocks at each stage of the encoder, finest first (<c>n_blocks_per_stage</c>). Left out, they are the planner's: 1, 3, 4, and 6 from there on.</summary>
    /// <value>Null.</value>
    public ValueList<long>? BlocksPerStage { get; init; }

    /// <summary>The block of the encoder (<c>block</c>).</summary>
    /// <value><see cref="ResidualBlockKind.Basic"/>.</value>
    public ResidualBlockKind Block { get; init; } = ResidualBlockKind.Basic;

    /// <summary>Channels in the middle of a bottleneck block at each stage (<c>bottleneck_channels</c>); only with <see cref="ResidualBlockKind.Bottleneck"/>.</summary>
    /// <value>Null.</value>
    public ValueList<long>? BottleneckChannels { get; init; }

    /// <summary>Channels of the stem (<c>stem_channels</c>). Left out, they are those of the first stage.</summary>
    /// <value>Null.</value>
    public long? StemChannels { get; init; }

    /// <summary>The number of blocks at each stage, finest first.</summary>
    internal IReadOnlyList<long> Blocks => ForEachStage(BlocksPerStage ?? [.. Enumerable.Range(0, Stages).Select(PlannedBlocks)], Stages);

    /// <summary>The bottleneck of each stage's blocks, finest first; null makes basic blocks.</summary>
    internal IReadOnlyList<long?> Bottlenecks =>
        [.. Block is ResidualBlockKind.Bottleneck ? ForEachStage(BottleneckChannels!, Stages).Select(channels => (long?)channels) : Enumerable.Repeat<long?>(null, Stages)];

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        foreach (var problem in Listed(BlocksPerStage, nameof(BlocksPerStage), Stages, IsPositive)) yield return problem;
        foreach (var problem in Listed(BottleneckChannels, nameof(BottleneckChannels), Stages, IsPositive)) yield return problem;
        if (!Enum.IsDefined(Block)) yield return $"Block must be Basic or Bottleneck, is {(int)Block}.";
        if (Block is ResidualBlockKind.Bottleneck && BottleneckChannels is null) yield return "BottleneckChannels must be given when Block is Bottleneck.";
        if (StemChannels < 1) yield return $"StemChannels must be positive, is {StemChannels}.";
        if (KernelSizes.Any(kernel => !kernel.IsOdd)) yield return $"KernelSizes must be odd, are {KernelSizes}.";
    }

    private protected override IEnumerable<long> NormalizedWidths => [.. base.NormalizedWidths, .. StemChannels is { } stem ? [stem] : Array.Empty<long>(), .. Block is ResidualBlockKind.Bottleneck ? BottleneckChannels ?? [] : []];

    private static long PlannedBlocks(int stage) => stage switch { 0 => 1, 1 => 3, 2 => 4, _ => 6 };
}
