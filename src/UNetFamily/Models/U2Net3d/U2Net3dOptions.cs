namespace UNetFamily;

/// <summary>
/// The choices of <see cref="U2Net3d"/>. The defaults are those of the authors' training script, huangmozhilv/u2net_torch,
/// <c>u2net_torch_src/train_models.sh</c>.
/// </summary>
public sealed record U2Net3dOptions : SegmentationModelOptions
{
    /// <summary>Options for volumes; <see cref="SegmentationModelOptions.SpatialDims"/> can make the network one for images.</summary>
    public U2Net3dOptions() => SpatialDims = SpatialDims.Three;

    /// <summary>
    /// The domains. <see cref="SegmentationModelOptions.InChannels"/> and <see cref="SegmentationModelOptions.OutChannels"/> are those of the first one, and of
    /// every other that doesn't state its own.
    /// </summary>
    /// <value>One, named <c>default</c>.</value>
    public ValueList<Domain> Domains { get; init; } = ["default"];

    /// <summary>
    /// How the domains share the convolutions. <see cref="AdapterKind.Separable"/> is the paper's universal network, with <see cref="AdapterKind.Series"/> and
    /// <see cref="AdapterKind.Parallel"/> beside it; with <see cref="AdapterKind.None"/> only stem, norms and heads are a domain's own: with several domains
    /// the paper's shared network, with one its independent network.
    /// </summary>
    /// <value><see cref="AdapterKind.Separable"/>.</value>
    public AdapterKind Adapter { get; init; } = AdapterKind.Separable;

    /// <summary>How many times each axis is halved (<c>num_pool_per_axis</c>). The largest decides the depth; an axis with fewer is halved at the finest levels only.</summary>
    /// <value>5.</value>
    public Extent Pools { get; init; } = 5;

    /// <summary>Channels at the finest level (<c>base_outChans</c>); each level below has twice as many.</summary>
    /// <value>16, as in the published script; the code's command line has 32.</value>
    public long BaseWidth { get; init; } = 16;

    /// <summary>Whether each level of the encoder adds its input to what it learns.</summary>
    /// <value>True.</value>
    public bool Residual { get; init; } = true;

    /// <summary>
    /// Whether the decoder's levels 2 and 1 (counted from the finest, 0), where there are such, add logits of their own. They are added to the network's logits;
    /// <see cref="SegmentationOutput.Auxiliary"/> stays empty.
    /// </summary>
    /// <value>True.</value>
    public bool DeepSupervision { get; init; } = true;

    /// <summary>How fresh weights are drawn.</summary>
    /// <value><see cref="Initialization.He"/>.</value>
    public Initialization Initialization { get; init; } = Initialization.He();

    /// <summary>The paper's domains in its order, from the Medical Segmentation Decathlon: heart, liver, hippocampus, prostate and pancreas, then spleen, which it adds later.</summary>
    public static ValueList<Domain> Decathlon { get; } =
        ["heart", "liver", new("hippocampus", OutChannels: 3), new("prostate", InChannels: 2, OutChannels: 3), "pancreas", "spleen"];

    /// <summary>
    /// The universal network: separable convolutions, whose depthwise halves each domain has for itself. For the paper's first five domains it has 6,577,460
    /// parameters, 4.9 % of the 134,508,692 of five independent networks. The abstract says 1 %: that is not what the published script builds, nor what the
    /// network would have without its strided convolutions, which are ordinary ones and hold 72 % of it (1.4 %).
    /// </summary>
    /// <param name="domains">The domains.</param>
    /// <param name="inChannels">Channels of the input of a domain that doesn't state its own.</param>
    /// <param name="outChannels">Channels of the logits of a domain that doesn't state its own.</param>
    public static U2Net3dOptions Universal(ValueList<Domain> domains, long inChannels = 1, long outChannels = 2) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        Domains = domains,
    };

    /// <summary>The shared network: full convolutions for all domains, with stem, norms and heads for each.</summary>
    /// <param name="domains">The domains.</param>
    /// <param name="inChannels">Channels of the input of a domain that doesn't state its own.</param>
    /// <param name="outChannels">Channels of the logits of a domain that doesn't state its own.</param>
    public static U2Net3dOptions Shared(ValueList<Domain> domains, long inChannels = 1, long outChannels = 2) => Universal(domains, inChannels, outChannels) with { Adapter = AdapterKind.None };

    /// <summary>The independent network: full convolutions for one task.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the logits.</param>
    /// <param name="pools">
    /// How many times each axis is halved: (4, 5, 5) for heart, pancreas and spleen, 5 for the liver, 3 for the hippocampus, (2, 5, 5) for the prostate.
    /// </param>
    public static U2Net3dOptions Independent(long inChannels, long outChannels, Extent pools) => new()
    {
        InChannels = inChannels,
        OutChannels = outChannels,
        Adapter = AdapterKind.None,
        Pools = pools,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<KeyMap> KeyMaps => [U2Net3dKeyMaps.Official(this)];

    internal override IReadOnlyList<KeyRule.Drop> OptionalHeads => [new("^aux.{i}")];

    /// <summary>The options of a network that serves one of the domains alone, with the same layers otherwise.</summary>
    /// <param name="domain">The domain; it need not be one of <see cref="Domains"/>.</param>
    public U2Net3dOptions For(Domain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        return this with { InChannels = domain.InChannels ?? InChannels, OutChannels = domain.OutChannels ?? OutChannels, Domains = [domain.Name] };
    }

    /// <inheritdoc/>
    public override U2Net3d Build() => new(this);

    internal IEnumerable<string> Names => Domains.Select(domain => domain.Name);

    /// <summary>The steps between the levels, finest first; one fewer than there are levels.</summary>
    internal IReadOnlyList<Extent> Strides
    {
        get
        {
            var pools = Pools.Along(SpatialDims);
            return [.. Enumerable.Range(0, (int)pools.Max()).Select(level => Extent.Of([.. pools.Select(pool => level < pool ? 2L : 1L)]))];
        }
    }

    internal long Width(int level) => BaseWidth << level;

    /// <inheritdoc/>
    protected internal override IEnumerable<string> Problems()
    {
        foreach (var problem in base.Problems()) yield return problem;
        if (Domains.Count < 1) yield return "Domains needs one domain or more.";
        foreach (var problem in Names.Distinct().Select(Domain.Problem).OfType<string>()) yield return problem;
        foreach (var twice in Names.GroupBy(name => name).Where(group => group.Count() > 1)) yield return $"There are {twice.Count()} domains '{twice.Key}'.";
        foreach (var domain in Domains)
        {
            if (domain.InChannels < 1) yield return $"InChannels of domain '{domain.Name}' must be positive, is {domain.InChannels}.";
            if (domain.OutChannels < 1) yield return $"OutChannels of domain '{domain.Name}' must be positive, is {domain.OutChannels}.";
        }
        if (Domains.Count > 0 && (Domains[0].InChannels ?? InChannels, Domains[0].OutChannels ?? OutChannels) != (InChannels, OutChannels))
            yield return $"InChannels and OutChannels are those of the first domain, '{Domains[0].Name}', which states others.";
        if (!Enum.IsDefined(Adapter)) yield return $"Adapter must be None, Separable, Series or Parallel, is {(int)Adapter}.";
        if (!Pools.Fits(SpatialDims)) yield return $"Pools {Pools} does not have the {(int)SpatialDims} axes of SpatialDims.";
        if (!Pools.All(pool => pool is >= 0 and <= 16)) yield return $"Pools must be 0 to 16 on every axis, are {Pools}.";
        else if (Pools.All(pool => pool == 0)) yield return "Pools must be 1 or more on one axis.";
        if (BaseWidth < 1) yield return $"BaseWidth must be positive, is {BaseWidth}.";
    }
}
