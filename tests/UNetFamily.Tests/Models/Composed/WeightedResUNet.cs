namespace UNetFamily.Tests.Models.Composed;

/// <summary>
/// A residual U-Net whose skips are weighted by attention, after Xiao et al., Weighted Res-UNet for High-Quality Retina Vessel Segmentation, ITME 2018, which has no official code: put together from public
/// blocks alone, to show that they suffice.
/// </summary>
internal sealed class WeightedResUNet : SegmentationModel
{
    private readonly ModuleList<BasicBlockD> down;
    private readonly ModuleList<Convolution> raise;
    private readonly ModuleList<AttentionGate> gates;
    private readonly ModuleList<BasicBlockD> up;
    private readonly Convolution head;

    public WeightedResUNet(WeightedResUNetOptions options) : base(options)
    {
        var (dims, widths, depth) = (options.SpatialDims, options.Widths, options.Widths.Count - 1);
        int[] deepestFirst = [.. Enumerable.Range(0, depth).Reverse()];
        down = ModuleList([.. widths.Select((width, level) => new BasicBlockD(dims, level == 0 ? options.InChannels : widths[level - 1], width, stride: level == 0 ? 1 : 2, norm: Normalization.Batch))]);
        raise = ModuleList([.. deepestFirst.Select(level => dims.ConvTranspose(widths[level + 1], widths[level], kernel: 2))]);
        gates = ModuleList([.. deepestFirst.Select(level => new AttentionGate(dims, signal: widths[level], skip: widths[level]))]);
        up = ModuleList([.. deepestFirst.Select(level => new BasicBlockD(dims, 2 * widths[level], widths[level], norm: Normalization.Batch))]);
        head = dims.Conv(widths[0], options.OutChannels, kernel: 1);
        RegisterComponents();
        InputSizes = InputSizes.MultiplesOf(dims, 1L << depth);
    }

    public override InputSizes InputSizes { get; }

    protected override SegmentationMaps Flow(FeatureMap x)
    {
        var skips = new Stack<FeatureMap>();
        foreach (var stage in down) skips.Push(x = x.Through(stage));
        skips.Pop();
        for (var i = 0; i < up.Count; i++)
        {
            var raised = x.Through(raise[i]);
            x = FeatureMap.Concat(raised.Through(gates[i], skips.Pop()), raised).Through(up[i]);
        }
        return x.Through(head);
    }
}

internal sealed record WeightedResUNetOptions : SegmentationModelOptions
{
    public ValueList<long> Widths { get; init; } = [32, 64, 128, 256];

    public override WeightedResUNet Build() => new(this);
}
