namespace ConsumerTests;

/// <summary>A U-Net in whose levels squeeze and excitation weighs the channels, put together from the library's blocks.</summary>
public sealed class SqueezedUNet : SegmentationModel
{
    private readonly ModuleList<Sequential> encoder;
    private readonly ModuleList<RiseAndJoin> decoder;
    private readonly Convolution head;

    public SqueezedUNet(SqueezedUNetOptions options) : base(options)
    {
        var (dims, widths, depth) = (options.SpatialDims, options.Widths, options.Widths.Count - 1);

        encoder = ModuleList([.. Enumerable.Range(0, depth + 1).Select(Level)]);
        decoder = ModuleList([.. Enumerable.Range(0, depth).Reverse().Select(i => new RiseAndJoin(dims, below: widths[i + 1], skip: widths[i]))]);
        head = dims.Conv(widths[0], options.OutChannels, kernel: 1);
        RegisterComponents();

        InputSizes = InputSizes.MultiplesOf(dims, 1L << depth, cells: 2);

        Sequential Level(int i) => Sequential(
            ("convs", new DoubleConv(dims, i == 0 ? options.InChannels : widths[i - 1], widths[i], Normalization.Instance, stride: i == 0 ? 1 : 2)),
            ("weigh", new SqueezeExcitation(dims, widths[i], options.Reduction)));
    }

    public override InputSizes InputSizes { get; }

    protected override SegmentationMaps Flow(FeatureMap x)
    {
        var skips = new Stack<FeatureMap>();
        foreach (var level in encoder) skips.Push(x = x.Through(level));
        x = skips.Pop();
        foreach (var stage in decoder) x = x.Through(stage, skips.Pop());
        return x.Through(head);
    }

    /// <summary>A step up: raise what comes from below, join it with the skip, convolve.</summary>
    private sealed class RiseAndJoin : Block2
    {
        private readonly Module<Tensor, Tensor> up;
        private readonly DoubleConv convs;

        public RiseAndJoin(SpatialDims dims, long below, long skip) : base(nameof(RiseAndJoin))
        {
            up = Upsampling.Transposed.Build(dims, below, skip, scale: 2);
            convs = new DoubleConv(dims, 2 * skip, skip, Normalization.Instance);
            RegisterComponents();
        }

        protected override FeatureMap Flow(FeatureMap below, FeatureMap skip) => FeatureMap.Concat(below.Through(up), skip).Through(convs);
    }
}
