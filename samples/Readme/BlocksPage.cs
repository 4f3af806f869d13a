using TorchSharp;
using TorchSharp.Modules;
using UNetFamily;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Readme;

/// <summary>The code of docs/blocks.md.</summary>
public static class BlocksPage
{
    public static Tensor Use()
    {
        using var scope = NewDisposeScope();

        #region use
        var block = new DoubleConv(SpatialDims.Three, from: 1, to: 8, Normalization.Instance);
        var gate = new AttentionGate(SpatialDims.Three, signal: 8, skip: 8);
        var down = SpatialDims.Three.Conv(8, 16, kernel: (1, 3, 3), stride: (1, 2, 2));         // sides of its own for each axis

        var maps = block.call(rand([2, 1, 8, 16, 16]));         // (N, C, D, H, W) -> (2, 8, 8, 16, 16)
        var gated = gate.call(maps, maps);                      // a signal and a skip -> the skip, weighed
        var halved = down.call(gated);                          // (2, 16, 8, 8, 8)
        #endregion
        return halved.MoveToOuterDisposeScope();
    }

    #region block
    private sealed class GatedUp : Block2       // a step of a decoder: raise, gate the skip, join, convolve
    {
        private readonly Module<Tensor, Tensor> up;
        private readonly LstmAttentionGate gate;
        private readonly DoubleConv conv;

        public GatedUp(SpatialDims dims, long below, long skip) : base(nameof(GatedUp))
        {
            up = Upsampling.Transposed.Build(dims, below, skip, scale: 2);
            gate = new LstmAttentionGate(dims, signal: skip, skip: skip);
            conv = new DoubleConv(dims, 2 * skip, skip, Normalization.Instance);
            RegisterComponents();
        }

        protected override FeatureMap Flow(FeatureMap below, FeatureMap skip)
        {
            var raised = below.Through(up).PadTo(skip);
            return FeatureMap.Concat(raised.Through(gate, skip), raised).Through(conv);
        }
    }
    #endregion

    #region network
    private sealed record GatedUNetOptions : SegmentationModelOptions
    {
        public ValueList<long> Widths { get; init; } = [16, 32, 64];

        public override GatedUNet Build() => new(this);

        protected override IEnumerable<string> Problems() => Widths.Count < 2 ? [.. base.Problems(), $"Widths needs two levels or more, has {Widths.Count}."] : base.Problems();
    }

    private sealed class GatedUNet : SegmentationModel
    {
        private readonly ModuleList<DoubleConv> encoder;
        private readonly ModuleList<GatedUp> decoder;
        private readonly Module<Tensor, Tensor> pool;
        private readonly Convolution head;

        public GatedUNet(GatedUNetOptions options) : base(options)
        {
            var (dims, widths) = (options.SpatialDims, options.Widths);
            encoder = ModuleList([.. widths.Select((width, i) => new DoubleConv(dims, i == 0 ? options.InChannels : widths[i - 1], width, Normalization.Instance))]);
            decoder = ModuleList([.. Enumerable.Range(0, widths.Count - 1).Reverse().Select(i => new GatedUp(dims, widths[i + 1], widths[i]))]);
            pool = dims.MaxPool(2);
            head = dims.Conv(widths[0], options.OutChannels, kernel: 1);
            RegisterComponents();
            InputSizes = InputSizes.AtLeast(dims, 2L << (widths.Count - 1));
        }

        public override InputSizes InputSizes { get; }

        protected override SegmentationMaps Flow(FeatureMap x)
        {
            var skips = new Stack<FeatureMap>();
            foreach (var level in encoder) skips.Push(x = (skips.Count == 0 ? x : x.Through(pool)).Through(level));
            x = skips.Pop();
            foreach (var up in decoder) x = x.Through(up, skips.Pop());
            return x.Through(head);
        }
    }
    #endregion

    public static Tensor Compose(Tensor below, Tensor skip)
    {
        using var block = new GatedUp((SpatialDims)(skip.dim() - 2), below.shape[1], skip.shape[1]);
        return block.call(below, skip);
    }

    public static ModelSummary Whole()
    {
        using var volume = rand([1, 1, 16, 24, 24]);

        #region use of the network
        using var model = new GatedUNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8] }.Build();
        using var output = model.call(volume);                          // (1, 3, 16, 24, 24)

        var summary = model.Summary(16, 24, 24);                        // costs, memory and receptive field, from the same flow
        foreach (var operation in model.Describe(16, 24, 24).Operations.Take(3)) Console.WriteLine(operation);
        model.Save("mine.safetensors");                                 // Load brings the weights back into a network of these options
        #endregion
        return summary;
    }
}
