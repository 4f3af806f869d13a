namespace UNetFamily;

/// <summary>
/// Grid gates side by side on a skip, whose results are combined (<c>models/networks/unet_CT_multi_att_dsv_3D.py</c> of ozan-oktay/Attention-Gated-Networks, class <c>MultiAttentionBlock</c>).
/// <code>signal, skip → each gate → concatenate → 1x1 convolution → norm → ReLU</code>
/// </summary>
internal sealed class CombinedGates : Block2
{
    private readonly ModuleList<GridAttentionGate> gates;
    private readonly ConvNormAct combine;

    public CombinedGates(SpatialDims dims, AttentionUNetOptions options, long count, long signal, long skip) : base(nameof(CombinedGates))
    {
        gates = ModuleList([.. Enumerable.Range(0, (int)count).Select(_ => new GridAttentionGate(dims, signal, skip, stride: options.GridStride, norm: options.Norm))]);
        combine = new ConvNormAct(dims, count * skip, skip, kernel: 1, norm: options.Norm, bias: true);
        RegisterComponents();
    }

    /// <param name="first">The signal.</param>
    /// <param name="second">The skip, (N, skip, …spatial).</param>
    /// <returns>(N, skip, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap first, FeatureMap second) => FeatureMap.Concat([.. gates.Select(gate => first.Through(gate, second))]).Through(combine);
}
