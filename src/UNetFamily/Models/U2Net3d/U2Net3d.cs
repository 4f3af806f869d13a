namespace UNetFamily;

/// <summary>
/// The universal U-Net, one network for several domains, for volumes and images. Huang, Han, Li, Li, Zhou: 3D U²-Net: A 3D Universal U-Net for Multi-Domain
/// Medical Image Segmentation, MICCAI 2019, arXiv 1909.06012. (Not the nested U²-Net of Qin et al., 2020, for salient objects.)
/// <para>
/// A call serves one domain. <see cref="ForDomain"/> gives the network of a domain, to be called as any other; called itself, the network is its first domain.
/// Domains share the convolutions; stem, norms, adapters and heads are a domain's own (<see cref="DomainParameters"/>).
/// </para>
/// </summary>
public sealed class U2Net3d : SegmentationModel
{
    private readonly PerDomain stem;
    private readonly ModuleList<U2NetDownStage> down;
    private readonly ModuleList<U2NetUpStage> up;
    private readonly ModuleList<PerDomain> aux;
    private readonly PerDomain head;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public U2Net3d(U2Net3dOptions options) : base(options)
    {
        var (dims, depth) = (options.SpatialDims, options.Strides.Count);
        var domains = options.Domains.ToDictionary(domain => domain.Name, options.For);

        stem = new PerDomain(options.Names, domain => Unit(domains[domain].InChannels, options.BaseWidth, kernel: 3));
        down = ModuleList([.. Enumerable.Range(0, depth + 1).Select(level => new U2NetDownStage(options, level))]);
        up = ModuleList([.. Enumerable.Range(0, depth).Reverse().Select(level => new U2NetUpStage(options, level))]);
        aux = ModuleList([.. SupervisedLevels(options).Select(level => new PerDomain(options.Names, domain => Unit(options.Width(level), domains[domain].OutChannels, kernel: 1)))]);
        head = new PerDomain(options.Names, domain => dims.Conv(options.BaseWidth, domains[domain].OutChannels, kernel: 1));
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = InputSizes.MultiplesOf(dims, Extent.Of([.. options.Pools.Along(dims).Select(pool => 1L << (int)pool)]), cells: 2);

        ConvNormAct Unit(long from, long to, int kernel) =>
            new(dims, from, to, kernel: kernel, norm: Normalization.Instance, activation: Activation.LeakyReLU(), bias: true);
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    private U2Net3dOptions Choices => (U2Net3dOptions)Options;

    /// <summary>
    /// The network of one domain: an ordinary module from a batch to logits, on the same weights. It may be called while others are, on any thread. Its
    /// parameters are the shared ones and the domain's own; to move it moves the whole network, and to dispose it leaves the network alone.
    /// </summary>
    /// <param name="domain">The name of the domain.</param>
    /// <returns>
    /// A network whose <see cref="SegmentationModel.Options"/> are those of this domain alone: what is saved from it can be loaded into a network built from them.
    /// </returns>
    /// <exception cref="ArgumentException">There is no such domain; the message lists those there are.</exception>
    public SegmentationModel ForDomain(string domain)
    {
        stem.Of(domain);
        return new U2NetDomainView(this, domain, Choices.For(Choices.Domains.First(candidate => candidate.Name == domain)));
    }

    /// <summary>
    /// Adds a domain to a trained network: fresh layers of its own on the network's device, everything else frozen (<see cref="DomainParameters"/> has the
    /// list), so that training it leaves the other domains as they are. In the published form a domain has 144,590 parameters for 1 channel and 2 classes.
    /// No call may run meanwhile. (The original instead builds a new network: see <see cref="AdaptedTo"/>.)
    /// </summary>
    /// <param name="domain">The new domain.</param>
    /// <returns>The network of the new domain, as <see cref="ForDomain"/> gives it.</returns>
    /// <exception cref="ArgumentException">There is a domain of that name, or its name or channels are none for a domain.</exception>
    public SegmentationModel AddDomain(Domain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        var extended = Choices with { Domains = [.. Choices.Domains, domain] };
        extended.Validate(GetName());

        // A network of the new domain alone, built as any other, gives its own layers away.
        using var fresh = Beside(Choices.For(domain));
        foreach (var (layers, source) in DomainParameters.LayersIn(this).Zip(DomainParameters.LayersIn(fresh))) layers.Layers.Add(domain.Name, source.Layers.Take(domain.Name));
        Options = extended;
        this.TrainOnly(domain.Name);
        return ForDomain(domain.Name);
    }

    /// <summary>
    /// A new network for one domain, as the original adapts a trained one (<c>train_model_wt_adapters.py</c>): the shared weights (not the biases) of the levels'
    /// units are copied and frozen, in the published form 22 tensors with 960,768 numbers; all the rest is fresh and to be trained, also the strided and the
    /// upsampling convolutions. This network stays as it is. <see cref="AddDomain"/> shares far more.
    /// </summary>
    /// <param name="domain">The domain; its name may be one of this network's.</param>
    /// <returns>The new network, on this one's device.</returns>
    /// <exception cref="ArgumentException">Its name or channels are none for a domain.</exception>
    public U2Net3d AdaptedTo(Domain domain)
    {
        var adapted = Beside(Choices.For(domain));
        using var noGradient = no_grad();
        foreach (var (known, copy) in Units.Zip(adapted.Units))
        {
            var weight = ((Convolution)copy.Shared).weight;
            weight.copy_(((Convolution)known.Shared).weight);
            weight.requires_grad = false;
        }
        return adapted;
    }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x) => Flow(x, Choices.Domains[0].Name);

    internal SegmentationMaps Flow(FeatureMap x, string domain)
    {
        var skips = new Stack<FeatureMap>();
        x = x.Through(stem, domain);
        foreach (var stage in down) skips.Push(x = x.Through(stage, domain));
        skips.Pop();

        FeatureMap? sum = null;
        for (var step = 0; step < up.Count; step++)
        {
            x = up[step].Flow(x, skips.Pop(), domain);
            if (HeadAt(step) is not { } supervised) continue;
            // What levels 2 and 1 say about the classes is added up on the way to the finest level.
            var map = x.Through(supervised, domain);
            sum = (sum is null ? map : map + sum).UpsampleNearest(Choices.Strides[LevelOf(step) - 1]);
        }
        var logits = x.Through(head, domain);
        return sum is null ? logits : logits + sum;
    }

    private static IEnumerable<int> SupervisedLevels(U2Net3dOptions options) => options.DeepSupervision ? new[] { 2, 1 }.Where(level => level < options.Strides.Count) : [];

    private int LevelOf(int step) => up.Count - 1 - step;

    private PerDomain? HeadAt(int step) => LevelOf(step) is var level && level > 0 && level <= aux.Count ? aux[aux.Count - level] : null;

    private IEnumerable<DomainAdapter> Units => [.. down.SelectMany(stage => stage.Units), .. up.SelectMany(stage => stage.Units)];

    private U2Net3d Beside(U2Net3dOptions options)
    {
        var weight = head.parameters().First();
        var network = new U2Net3d(options).to(weight.device, weight.dtype);
        network.train(training);
        return network;
    }
}
