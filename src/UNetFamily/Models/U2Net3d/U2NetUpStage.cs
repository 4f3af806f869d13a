namespace UNetFamily;

/// <summary>
/// A level of the decoder: the map from below is enlarged by repeating its values and narrowed, joined with the skip, and passes two units, the second with a
/// kernel of 1 (3 in the separable form).
/// <code>below → nearest → unit → act → [up, skip] → unit → act → unit → act</code>
/// </summary>
internal sealed class U2NetUpStage : nn.Module
{
    private readonly DomainAdapter raise;
    private readonly DomainAdapter first;
    private readonly DomainAdapter second;
    private readonly Module<Tensor, Tensor> activation;
    private readonly Extent scale;

    public U2NetUpStage(U2Net3dOptions options, int level) : base(nameof(U2NetUpStage))
    {
        var (width, wide) = (options.Width(level), options.Width(level + 1));
        scale = options.Strides[level];
        raise = U2NetUnit.Build(options, wide, width);
        first = U2NetUnit.Build(options, 2 * width, width);
        second = U2NetUnit.Build(options, width, width, kernel: 1);
        activation = U2NetUnit.Activation();
        RegisterComponents();
    }

    /// <summary>The units whose shared weights an adaptation keeps.</summary>
    public IEnumerable<DomainAdapter> Units => [first, second];

    /// <param name="below">(N, 2 * width, …spatial / scale).</param>
    /// <param name="skip">(N, width, …spatial).</param>
    /// <param name="domain">The domain of the batch.</param>
    /// <returns>(N, width, …spatial).</returns>
    public FeatureMap Flow(FeatureMap below, FeatureMap skip, string domain) => below.Within(this, () =>
    {
        var raised = below.UpsampleNearest(scale).Through(raise, domain).Through(activation);
        return FeatureMap.Concat(raised, skip).Through(first, domain).Through(activation).Through(second, domain).Through(activation);
    });
}
