namespace UNetFamily;

/// <summary>
/// A level of the encoder: a strided convolution, left out at the finest level, then two units, with a sum around them when the network is residual.
/// The strided convolution is an ordinary one that all domains share, in every mode.
/// <code>x → [pad → strided conv → norm → act] → unit → act → unit → (+ x) → act</code>
/// </summary>
internal sealed class U2NetDownStage : Module<Tensor, string, Tensor>
{
    private readonly DomainAdapter? reduce;
    private readonly DomainAdapter first;
    private readonly DomainAdapter second;
    private readonly Module<Tensor, Tensor> activation;
    private readonly long[] border;
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
            // Nothing in front and one behind where the size is halved, one on both sides where it stays; torch lists the last axis first.
            border = [.. stride.Along(dims).Reverse().SelectMany(step => step == 2 ? new[] { 0L, 1L } : [1L, 1L])];
        }
        first = U2NetUnit.Build(options, width, width);
        second = U2NetUnit.Build(options, width, width);
        activation = U2NetUnit.Activation();
        RegisterComponents();
    }

    /// <summary>The units of full size, whose shared weights an adaptation keeps.</summary>
    public IEnumerable<DomainAdapter> Units => [first, second];

    /// <param name="input">(N, width, …spatial) at the finest level, (N, width / 2, …spatial * stride) below it.</param>
    /// <param name="domain">The domain of the batch.</param>
    /// <returns>(N, width, …spatial).</returns>
    public override Tensor forward(Tensor input, string domain)
    {
        using var x = reduce is null ? input.alias() : Reduced(reduce, input, domain);
        using var normed = first.call(x, domain);
        using var hidden = activation.call(normed);
        using var change = second.call(hidden, domain);
        return activation.call(residual ? change.add_(x) : change);
    }

    private Tensor Reduced(DomainAdapter reduce, Tensor input, string domain)
    {
        using var padded = functional.pad(input, border, PaddingModes.Constant, 0);
        using var reduced = reduce.call(padded, domain);
        return activation.call(reduced);
    }

    public TensorShape Trace(Tracer tracer, TensorShape input, string domain)
    {
        return tracer.Block(() =>
        {
            var x = reduce is null ? input : Reduced(reduce);
            var change = second.Trace(tracer, tracer.Through(first.Trace(tracer, x, domain), activation), domain);
            return tracer.Through(residual ? Tracer.SummedInto(change, x) : change, activation);
        }, input);

        TensorShape Reduced(DomainAdapter reduce)
        {
            var padded = input.Padded(axis => (border[2 * (input.Spatial.Count - 1 - axis)], border[2 * (input.Spatial.Count - 1 - axis) + 1]));
            return tracer.Block(() => tracer.Through(reduce.Trace(tracer, padded, domain), activation), holds: false, input);
        }
    }
}
