namespace UNetFamily.Samples.ComposeYourOwn;

/// <summary>
/// A network that is in no paper: the nested grid of UNet++ (Zhou et al., 2018), whose nodes are blocks of ConvUNeXt and whose skips pass ConvUNeXt's LSTM-like
/// attention gate (Han et al., 2022). The grid starts at half the resolution, which makes a step four times faster. As every network of the library it takes
/// images and volumes, checks its input and can be inspected: all of that follows from its one flow.
/// </summary>
internal sealed class GatedNest : SegmentationModel
{
    private readonly ModuleList<Sequential> encoder;
    private readonly NestedDecoder decoder;
    private readonly Module<Tensor, Tensor> raise;
    private readonly Convolution head;

    public GatedNest(GatedNestOptions options) : base(options)
    {
        var (dims, widths, depth) = (options.SpatialDims, options.Widths, options.Widths.Count - 1);

        encoder = ModuleList([.. Enumerable.Range(0, depth + 1).Select(Level)]);
        decoder = new NestedDecoder(depth, Node);
        raise = Upsampling.Transposed.Build(dims, widths[0], widths[0], scale: 2);
        head = dims.Conv(widths[0], options.OutChannels, kernel: 1);
        RegisterComponents();

        // Every level halves the sides, and at the deepest the large kernel's reflected border needs four positions.
        InputSizes = InputSizes.From(dims, 8L << depth, 2L << depth);

        Sequential Level(int i) => Sequential(
            ("down", dims.Conv(i == 0 ? options.InChannels : widths[i - 1], widths[i], kernel: 2, stride: 2, padding: 0)),
            ("block", new ConvUNeXtBlock(dims, widths[i])));

        // X(i,j): j maps of the row pass the gate, the map from below opens it, and both are merged.
        NestedNode Node(int i, int j) => new(
            up: Upsampling.Transposed.Build(dims, widths[i + 1], widths[i], scale: 2),
            gate: new LstmAttentionGate(dims, signal: widths[i], skip: j * widths[i]),
            convs: Sequential(("merge", dims.Conv((j + 1) * widths[i], widths[i], kernel: 1)), ("block", new ConvUNeXtBlock(dims, widths[i]))));
    }

    public override InputSizes InputSizes { get; }

    protected override SegmentationMaps Flow(FeatureMap x)
    {
        var features = new List<FeatureMap>();
        foreach (var level in encoder) features.Add(x = x.Through(level));
        return decoder.Flow(features)[^1].Through(raise, head);
    }
}
