namespace UNetFamily;

/// <summary>
/// How a decoder doubles the size of a map. A choice, not a layer: <see cref="Build"/> makes the layer.
/// </summary>
public abstract record Upsampling
{
    private protected Upsampling()
    {
    }

    /// <summary>A transposed convolution whose kernel and stride are the scale, with bias: it also changes the channels.</summary>
    public static Upsampling Transposed { get; } = new TransposedKind(Bias: true);

    /// <summary>The same without bias, as in nnU-Net.</summary>
    public static Upsampling TransposedWithoutBias { get; } = new TransposedKind(Bias: false);

    /// <summary>Linear interpolation with aligned corners: no parameters, and the channels stay.</summary>
    public static Upsampling Interpolated { get; } = new InterpolatedKind();

    /// <summary>Whether the layer can change the number of channels.</summary>
    public abstract bool ChangesChannels { get; }

    /// <summary>Makes the layer, (N, from, …spatial) to (N, to, …spatial * scale).</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output; must equal <paramref name="from"/> when the layer can't change them.</param>
    /// <param name="scale">The factor per axis.</param>
    /// <exception cref="ArgumentException">The channels change, and this kind can't.</exception>
    public abstract Module<Tensor, Tensor> Build(SpatialDims dims, long from, long to, Extent scale);

    private sealed record TransposedKind(bool Bias) : Upsampling
    {
        public override bool ChangesChannels => true;

        public override Module<Tensor, Tensor> Build(SpatialDims dims, long from, long to, Extent scale) => dims.ConvTranspose(from, to, kernel: scale, bias: Bias);

        public override string ToString() => Bias ? "Transposed" : "TransposedWithoutBias";
    }

    private sealed record InterpolatedKind : Upsampling
    {
        public override bool ChangesChannels => false;

        public override Module<Tensor, Tensor> Build(SpatialDims dims, long from, long to, Extent scale) => from == to
            ? new LinearUpsample(scale)
            : throw new ArgumentException($"Interpolation keeps the channels: {from} can't become {to}.", nameof(to));

        public override string ToString() => "Interpolated";
    }
}
