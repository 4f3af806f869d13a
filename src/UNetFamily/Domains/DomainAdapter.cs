namespace UNetFamily;

/// <summary>
/// Makes a stage serve several domains: they share its weights, and each has its own adapter and its own norm
/// (Huang et al.: 3D U²-Net: A 3D Universal U-Net for Multi-Domain Medical Image Segmentation, MICCAI 2019, arXiv 1909.06012).
/// The stage can be any module from one map to another: a convolution, a <see cref="ConvNormAct"/>, a residual block. No activation follows.
/// <code>
/// Separable: x → own depthwise → own norm → activation → stage → own norm
/// Series:    x → stage → (+ own norm → own 1x1) → own norm
/// Parallel:  x → stage + own 1x1 → own norm
/// </code>
/// Calls with different domains can run at the same time on several threads; only <see cref="AddDomain"/> must be alone.
/// </summary>
public sealed class DomainAdapter : DomainBlock
{
    private readonly PerDomain? own;
    private readonly Module<Tensor, Tensor> shared;
    private readonly PerDomain? norm;
    private readonly AdapterKind kind;
    private readonly Func<Module<Tensor, Tensor>> buildOwn, buildNorm;

    /// <summary>Builds the adapters around a stage.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="stage">What the domains share, from (N, from, …spatial) to (N, to, …spatial / stride); it belongs to this module now.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output.</param>
    /// <param name="domains">The names of the domains.</param>
    /// <param name="kind">The form of the adapters.</param>
    /// <param name="stride">The stride of the stage, which a parallel adapter follows; 1 when left out.</param>
    /// <param name="norm">Each domain's norms, after the stage and in the adapters; <see cref="Normalization.Instance"/> when left out.</param>
    /// <param name="activation">The activation in the middle of the separable form; LeakyReLU(0.01) when left out.</param>
    /// <exception cref="ArgumentException">There is no domain, one comes twice, or a name is none for a domain.</exception>
    public DomainAdapter(SpatialDims dims, Module<Tensor, Tensor> stage, long from, long to, IEnumerable<string> domains, AdapterKind kind = AdapterKind.Separable,
        Extent? stride = null, Normalization? norm = null, Activation? activation = null) : base(nameof(DomainAdapter))
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(domains);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(from);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(to);
        var (names, chosen) = (domains.ToArray(), norm ?? Normalization.Instance);

        this.kind = kind;
        buildOwn = kind switch
        {
            AdapterKind.None => Identity,
            AdapterKind.Separable => () => new DepthwiseUnit(dims, from, chosen, activation ?? Activation.LeakyReLU()),
            AdapterKind.Series => () => Sequential(("norm", chosen.Build(dims, to)), ("conv", dims.Conv(to, to, kernel: 1))),
            AdapterKind.Parallel => () => dims.Conv(from, to, kernel: 1, stride: stride),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind is None, Separable, Series or Parallel."),
        };
        buildNorm = () => chosen.Build(dims, to);

        own = kind is AdapterKind.None ? null : new PerDomain(names, _ => buildOwn());
        shared = stage;
        this.norm = chosen.IsNone ? null : new PerDomain(names, _ => buildNorm());
        RegisterComponents();
    }

    /// <summary>What the domains share.</summary>
    internal Module<Tensor, Tensor> Shared => shared;

    /// <summary>Adds a domain with fresh layers of its own, on the device and in the type of the stage.</summary>
    /// <param name="domain">Its name.</param>
    /// <exception cref="ArgumentException">There is a domain of that name already, or it is none for a domain.</exception>
    public void AddDomain(string domain)
    {
        own?.Add(domain, Beside(buildOwn()));
        norm?.Add(domain, Beside(buildNorm()));

        Module<Tensor, Tensor> Beside(Module<Tensor, Tensor> layer) => shared.parameters().FirstOrDefault() is { } weight ? layer.to(weight.device, weight.dtype) : layer;
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x, string domain)
    {
        var adapted = own is null ? x.Through(shared) : Adapted(own, x, domain);
        return norm is null ? adapted : adapted.Through(norm, domain);
    }

    private FeatureMap Adapted(PerDomain own, FeatureMap x, string domain)
    {
        if (kind is AdapterKind.Separable) return x.Through(own, domain).Through(shared);
        var common = x.Through(shared);
        return (kind is AdapterKind.Series ? common : x).Through(own, domain) + common;
    }
}
