namespace UNetFamily;

/// <summary>
/// A level of the encoder: a strided convolution, left out at the finest level, then two units, with a sum around them when the network is residual.
/// The strided convolution is an ordinary one that all domains share, in every mode.
/// <code>x → [pad → strided conv → norm → act] → unit → act → unit → (+ x) → act</code>
/// </summary>
internal sealed class U2NetDownStage : DomainBlock
{
    private readonly DomainAdapter? reduce;
    private readonly DomainAdapter first;
    private readonly DomainAdapter second;
    private readonly Module<Tensor, Tensor> activation;
    private readonly (long Before, long Behind)[] border;
    private readonly bool residual;

    public U2NetDownStage(U2Net3dOptions options, int level) : base(nameof(U2NetDownStage))
    {
        var (dims, width) = (options.SpatialDims, options.Width(level));
        residual = options.Residual;
        border = [];
        if (level > 0)
        {
            var (narrow, stride) = (options.Width(level - 1), options.Strides[level - 1]);
            reduce = new DomainAdapter(dims, dims.Conv(narrow, width, kernel: 3, stride: stride, padding: 0), narrow, width, options.Names, AdapterKind.None);
            // Nothing in front and one behind where the size is halved, one on both sides where it stays.
            border = [.. stride.Along(dims).Select(step => step == 2 ? (0L, 1L) : (1L, 1L))];
        }
        first = U2NetUnit.Build(options, width, width);
        second = U2NetUnit.Build(options, width, width);
        activation = U2NetUnit.Activation();
        RegisterComponents();
    }

    /// <summary>The units of full size, whose shared weights an adaptation keeps.</summary>
    public IEnumerable<DomainAdapter> Units => [first, second];

    /// <param name="x">(N, width, …spatial) at the finest level, (N, width / 2, …spatial * stride) below it.</param>
    /// <param name="domain">The domain of the batch.</param>
    /// <returns>(N, width, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap x, string domain)
    {
        if (reduce is not null) x = x.Pad(axis => border[axis]).Through(reduce, domain).Through(activation);
        var change = x.Through(first, domain).Through(activation).Through(second, domain);
        return (residual ? change + x : change).Through(activation);
    }
}
