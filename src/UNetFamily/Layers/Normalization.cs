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
    public static Normalization Batch { get; } = new BatchKind();

    /// <summary>Instance normalization (eps 1e-5, learned scale and shift, no running statistics), as in nnU-Net.</summary>
    public static Normalization Instance { get; } = new InstanceKind(Affine: true);

    /// <summary>Instance normalization without learned scale and shift, as in MONAI's and UNETR's blocks.</summary>
    public static Normalization InstanceWithoutAffine { get; } = new InstanceKind(Affine: false);

    /// <summary>Layer normalization over the channels of each position (eps 1e-5), as in ConvNeXt.</summary>
    public static Normalization ChannelLayer { get; } = new ChannelLayerKind();

    /// <summary>Group normalization with one channel to a group (eps 1e-5), whatever the width; as in MedNeXt.</summary>
    public static Normalization GroupPerChannel { get; } = new GroupKind(Groups: null);

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

    /// <summary>Whether the layer subtracts a mean, so that a bias of the convolution before it has no effect.</summary>
    public bool IsNone => this is NoneKind;

    private sealed record NoneKind : Normalization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims, long channels) => Identity();

        public override string ToString() => "None";
    }

    private sealed record BatchKind : Normalization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims, long channels) => dims.BatchNorm(channels);

        public override string ToString() => "Batch";
    }

    private sealed record InstanceKind(bool Affine) : Normalization
    {
        public override Module<Tensor, Tensor> Build(SpatialDims dims, long channels) => dims.InstanceNorm(channels, affine: Affine);

        public override string ToString() => Affine ? "Instance" : "InstanceWithoutAffine";
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
            var groups = Groups ?? channels;
            if (channels % groups != 0) throw new ArgumentException($"{groups} groups do not divide {channels} channels.", nameof(channels));

            var norm = GroupNorm(groups, channels);
            init.ones_(norm.weight);        // TorchSharp 0.107 leaves both uninitialized
            init.zeros_(norm.bias!);
            return norm;
        }

        public override string ToString() => Groups is { } groups ? $"Group({groups})" : "GroupPerChannel";
    }
}
