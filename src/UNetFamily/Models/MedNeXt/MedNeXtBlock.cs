namespace UNetFamily;

/// <summary>
/// The block of MedNeXt: a large depthwise kernel sees the surroundings, two pointwise convolutions mix the channels through a wider space
/// (Roy et al.: MedNeXt, MICCAI 2023, arXiv 2303.09975, Fig. 1a).
/// <code>x → depthwise → norm → expand → GELU → (response norm) → compress → + x</code>
/// </summary>
public sealed class MedNeXtBlock : Block
{
    private readonly Convolution depthwise;
    private readonly Module<Tensor, Tensor> norm;
    private readonly Convolution expand;
    private readonly Module<Tensor, Tensor> activation;
    private readonly GlobalResponseNorm? grn;
    private readonly Convolution compress;
    private readonly bool residual;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output; <paramref name="from"/> when left out. They can differ only without a residual.</param>
    /// <param name="expansion">How many times wider than the input the space between the pointwise convolutions is.</param>
    /// <param name="kernel">The depthwise kernel, odd on each axis; 7 when left out.</param>
    /// <param name="norm">The normalization; one group per channel when left out.</param>
    /// <param name="groups">Groups of the first convolution; <paramref name="from"/>, which makes it depthwise, when left out.</param>
    /// <param name="residual">Whether the input is added to the result.</param>
    /// <param name="responseNorm">Whether a <see cref="GlobalResponseNorm"/> follows the activation.</param>
    /// <exception cref="ArgumentException">The kernel is even on an axis, or there is a residual between different widths.</exception>
    public MedNeXtBlock(SpatialDims dims, long from, long? to = null, long expansion = 4, Extent? kernel = null, Normalization? norm = null,
        long? groups = null, bool residual = true, bool responseNorm = false)
        : this(dims, dims.Conv(from, from, OddKernel(kernel), groups: groups ?? from), from, to ?? from, expansion, norm, residual, responseNorm)
    {
    }

    /// <summary>The block around a first convolution of another stride or direction.</summary>
    internal MedNeXtBlock(SpatialDims dims, Convolution depthwise, long from, long to, long expansion, Normalization? norm, bool residual, bool responseNorm)
        : base(nameof(MedNeXtBlock))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(expansion);
        if (residual && from != to) throw new ArgumentException($"A residual needs as many channels out as in: from is {from}, to is {to}. Leave the residual out, or make them equal.", nameof(to));

        this.depthwise = depthwise;
        this.norm = (norm ?? Normalization.GroupPerChannel).Build(dims, from);
        expand = dims.Conv(from, expansion * from, kernel: 1);
        activation = Activation.GELU.Build(inPlace: true);
        grn = responseNorm ? new GlobalResponseNorm(dims, expansion * from) : null;
        compress = dims.Conv(expansion * from, to, kernel: 1);
        this.residual = residual;
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x)
    {
        var wide = x.Through(depthwise, norm, expand, activation);
        if (grn is not null) wide = wide.Through(grn);
        var change = wide.Through(compress);
        return residual ? change + x : change;
    }

    /// <summary>The kernel of a block, 7 when left out as in the original's code.</summary>
    internal static Extent OddKernel(Extent? kernel)
    {
        var chosen = kernel ?? 7;
        return chosen.All(n => n > 0 && n % 2 == 1) ? chosen
            : throw new ArgumentException($"kernel must be odd and positive on each axis, is {chosen}. Nearest: {chosen.Select(n => Math.Max(1, n + 1 - n % 2))}.", nameof(kernel));
    }
}
