using System.Globalization;

namespace UNetFamily;

/// <summary>
/// Which normalization follows a convolution. A choice, not a layer: <see cref="Build"/> makes the layer for a rank and a width.
/// </summary>
public abstract record Normalization
{
    private protected Normalization()
    {
    }

    /// <summary>No normalization.</summary>
    public static Normalization None { get; } = new NoneKind();

    /// <summary>Batch normalization (eps 1e-5, momentum 0.1, learned scale and shift, running statistics).</summary>
    public static Normalization Batch { get; } = BatchWith();

    /// <summary>Instance normalization (eps 1e-5, learned scale and shift, no running statistics), as in nnU-Net.</summary>
    public static Normalization Instance { get; } = InstanceWith();

    /// <summary>Instance normalization without learned scale and shift, as in MONAI's and UNETR's blocks.</summary>
    public static Normalization InstanceWithoutAffine { get; } = InstanceWith(affine: false);

    /// <summary>Layer normalization over the channels of each position (eps 1e-5), as in ConvNeXt.</summary>
    public static Normalization ChannelLayer { get; } = new ChannelLayerKind();

    /// <summary>Group normalization with one channel to a group (eps 1e-5), whatever the width; as in MedNeXt.</summary>
    public static Normalization GroupPerChannel { get; } = new GroupKind(Groups: null);

    /// <summary>Batch normalization with its details chosen.</summary>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="momentum">Weight of a new batch in the running statistics; null gives every batch the same weight.</param>
    /// <param name="affine">Whether scale and shift are learned.</param>
    /// <param name="runningStatistics">Whether statistics are kept for evaluation; without, a batch is normalized by its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not finite.</exception>
    public static Normalization BatchWith(double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool runningStatistics = true) =>
        new BatchKind(Choice.Finite(eps), momentum is { } weight ? Choice.Finite(weight, nameof(momentum)) : null, affine, runningStatistics);

    /// <summary>Instance normalization with its details chosen.</summary>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="momentum">Weight of a new batch in the running statistics, where they are kept.</param>
    /// <param name="affine">Whether scale and shift are learned.</param>
    /// <param name="runningStatistics">Whether statistics are kept for evaluation; without, an image is always normalized by its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not finite.</exception>
    public static Normalization InstanceWith(double eps = 1e-5, double momentum = 0.1, bool affine = true, bool runningStatistics = false) =>
        new InstanceKind(Choice.Finite(eps), Choice.Finite(momentum), affine, runningStatistics);

    /// <summary>Group normalization (eps 1e-5, learned scale and shift).</summary>
    /// <param name="groups">The number of groups; it must divide the channels.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public static Normalization Group(long groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        return new GroupKind(groups);
    }

    /// <summary>Makes the layer.</summary>
    /// <param name="dims">The rank of the network.</param>
    /// <param name="channels">The channels of the tensors to normalize.</param>
    /// <exception cref="ArgumentException">The number of groups does not divide the channels.</exception>
    public abstract Module<Tensor, Tensor> Build(SpatialDims dims, long channels);

    /// <summary>Whether there is no normalization, so that the convolution before it needs a bias of its own.</summary>
    public bool IsNone => this is NoneKind;

    /// <summary>Why the layer can't be made for all of some numbers of channels, with what can; null when it can.</summary>
    internal virtual string? Problem(params IEnumerable<long> widths) => null;

    /// <summary>Whether a map of one position can't be normalized, because its statistics are taken over positions.</summary>
    internal virtual bool NeedsPositions => false;

    private sealed record NoneKind : Normalization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims, long channels) => Identity();

        public override string ToString() => "None";
    }

    private sealed record BatchKind(double Eps, double? Momentum, bool Affine, bool RunningStatistics) : Normalization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims, long channels) => dims.BatchNorm(channels, Eps, Momentum, Affine, RunningStatistics);

        public override string ToString() => this == Batch ? nameof(Batch)
            : string.Create(CultureInfo.InvariantCulture, $"Batch(eps {Eps}, momentum {Momentum}, affine {Affine}, running statistics {RunningStatistics})");
    }

    private sealed record InstanceKind(double Eps, double Momentum, bool Affine, bool RunningStatistics) : Normalization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims, long channels) => dims.InstanceNorm(channels, Eps, Affine, Momentum, RunningStatistics);

        internal override bool NeedsPositions => true;

        public override string ToString() => this == Instance ? nameof(Instance)
            : this == InstanceWithoutAffine ? nameof(InstanceWithoutAffine)
            : string.Create(CultureInfo.InvariantCulture, $"Instance(eps {Eps}, momentum {Momentum}, affine {Affine}, running statistics {RunningStatistics})");
    }

    private sealed record ChannelLayerKind : Normalization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims, long channels) => new ChannelLayerNorm(channels);

        public override string ToString() => "ChannelLayer";
    }

    private sealed record GroupKind(long? Groups) : Normalization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims, long channels)
        {
            if (Problem(channels) is { } problem) throw new ArgumentException(problem, nameof(channels));

            return GroupNorms.Build(Groups ?? channels, channels);
        }

        internal override string? Problem(params IEnumerable<long> widths)
        {
            long[] all = [.. widths.Where(width => width > 0).Distinct()];
            if (Groups is not { } groups || Array.TrueForAll(all, width => width % groups == 0)) return null;
            var common = all.Aggregate((a, b) => { while (b > 0) (a, b) = (b, a % b); return a; });
            return $"{groups} groups do not divide {string.Join(", ", all)} channels. Nearest: {PairedAttentionOptions.NearestDivisor(common, groups)}.";
        }

        public override string ToString() => Groups is { } groups ? $"Group({groups})" : "GroupPerChannel";
    }
}
