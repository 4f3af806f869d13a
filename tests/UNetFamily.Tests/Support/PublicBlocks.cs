namespace UNetFamily.Tests;

/// <summary>Every public block of the library with a call, in 2D and 3D; a test says that none is missing.</summary>
internal static class PublicBlocks
{
    private static readonly string[] Domains = ["a", "b"];

    /// <summary>The types, in 2D and 3D, for theories.</summary>
    public static TheoryData<string, SpatialDims> Names()
    {
        var data = new TheoryData<string, SpatialDims>();
        foreach (var name in Makers.Keys)
        {
            data.Add(name, SpatialDims.Two);
            data.Add(name, SpatialDims.Three);
        }
        return data;
    }

    /// <summary>Each public module that is no network, by reflection.</summary>
    public static IEnumerable<Type> Types => typeof(SegmentationModel).Assembly.GetTypes()
        .Where(type => type.IsPublic && !type.IsAbstract && type.IsSubclassOf(typeof(nn.Module)) && !type.IsSubclassOf(typeof(SegmentationModel)));

    public static IReadOnlyDictionary<string, Func<SpatialDims, Block>> Makers { get; } = new Dictionary<string, Func<SpatialDims, Block>>
    {
        [nameof(AttentionGate)] = dims =>
        {
            var gate = new AttentionGate(dims, signal: 4, skip: 4);
            return new(gate, x => gate.call(x, x), x => x.Through(gate, x), Shape(dims));
        },
        [nameof(AtrousPyramid)] = dims => One(dims, new AtrousPyramid(dims, 4, 6, dilations: [1, 3])),
        [nameof(BasicBlockD)] = dims => One(dims, new BasicBlockD(dims, 4, 6, stride: 2, norm: Normalization.Batch)),
        [nameof(BottleneckD)] = dims => One(dims, new BottleneckD(dims, 4, 2, 6, norm: Normalization.Instance)),
        [nameof(ChannelLayerNorm)] = dims => One(dims, new ChannelLayerNorm(4)),
        [nameof(ConvNormAct)] = dims => One(dims, new ConvNormAct(dims, 4, 6, norm: Normalization.Batch, activation: Activation.PReLU())),
        [nameof(ConvUNeXtBlock)] = dims => One(dims, new ConvUNeXtBlock(dims, 4)),
        [nameof(DomainAdapter)] = dims => ByDomain(dims, new DomainAdapter(dims, dims.Conv(4, 6, kernel: 3, padding: 1), 4, 6, Domains)),
        [nameof(DoubleConv)] = dims => One(dims, new DoubleConv(dims, 4, 6, Normalization.Batch)),
        [nameof(DropPath)] = dims => One(dims, new DropPath(0.5)),
        [nameof(EfficientPairedAttention)] = dims => One(dims, new EfficientPairedAttention(4, dims is SpatialDims.Two ? 48 : 192, new() { Heads = 2, ProjectedTokens = 8 })),
        [nameof(GlobalResponseNorm)] = dims => One(dims, new GlobalResponseNorm(dims, 4)),
        [nameof(GridAttentionGate)] = dims =>
        {
            var gate = new GridAttentionGate(dims, signal: 4, skip: 4);
            return new(gate, x => gate.call(dims.MaxPool(2).call(x), x), x => x.Through(dims.MaxPool(2)).Through(gate, x), Shape(dims));
        },
        [nameof(LinearUpsample)] = dims => One(dims, new LinearUpsample(2)),
        [nameof(LstmAttentionGate)] = dims =>
        {
            var gate = new LstmAttentionGate(dims, signal: 4, skip: 4);
            return new(gate, x => gate.call(x, x), x => x.Through(gate, x), Shape(dims));
        },
        [nameof(MedNeXtBlock)] = dims => One(dims, new MedNeXtBlock(dims, 4, responseNorm: true)),
        [nameof(MedNeXtDownBlock)] = dims => One(dims, new MedNeXtDownBlock(dims, 4, 8, residual: true)),
        [nameof(MedNeXtUpBlock)] = dims => One(dims, new MedNeXtUpBlock(dims, 4, 2, residual: true)),
        [nameof(NearestUpsample)] = dims => One(dims, new NearestUpsample(2)),
        [nameof(NestedDecoder)] = dims =>
        {
            var decoder = new NestedDecoder(1, (_, _) => Node(dims));
            return new(decoder, x => decoder.call([x, dims.MaxPool(2).call(x)]).Single(), x => decoder.Flow([x, x.Through(dims.MaxPool(2))])[0], Shape(dims));
        },
        [nameof(NestedNode)] = dims =>
        {
            var node = Node(dims);
            return new(node, x => node.call([x], dims.MaxPool(2).call(x)), x => node.Flow([x], x.Through(dims.MaxPool(2))), Shape(dims));
        },
        [nameof(PerDomain)] = dims =>
        {
            var layers = new PerDomain(Domains, _ => dims.Conv(4, 6, kernel: 1));
            return new(layers, x => layers.call(x, "b"), x => x.Through(layers, "b"), Shape(dims));
        },
        [nameof(RecurrentResidualBlock)] = dims => One(dims, new RecurrentResidualBlock(dims, 4, 6)),
        [nameof(SeparableConv)] = dims => One(dims, new SeparableConv(dims, 4, 6, norm: Normalization.Instance)),
        [nameof(ShiftedMlp)] = dims => One(dims, new ShiftedMlp(dims, 4)),
        [nameof(ShiftedMlpBlock)] = dims => One(dims, new ShiftedMlpBlock(dims, 4, groups: 3, dropPath: 0.5)),
        [nameof(SqueezeExcitation)] = dims => One(dims, new SqueezeExcitation(dims, 4, reduction: 2)),
        [nameof(TransformerBlock)] = dims => One(dims, new TransformerBlock(dims, 4, dims is SpatialDims.Two ? (6, 8) : (4, 6, 8), new() { Heads = 2, ProjectedTokens = 8 })),
    };

    private static Block One(SpatialDims dims, Module<Tensor, Tensor> block) => new(block, block.call, x => x.Through(block), Shape(dims));

    private static Block ByDomain(SpatialDims dims, DomainAdapter adapter) => new(adapter, x => adapter.call(x, "b"), x => x.Through(adapter, "b"), Shape(dims));

    private static NestedNode Node(SpatialDims dims) => new(Upsampling.Transposed.Build(dims, 4, 4, 2), new ConvNormAct(dims, 8, 4));

    private static long[] Shape(SpatialDims dims) => dims is SpatialDims.Two ? [2, 4, 6, 8] : [2, 4, 4, 6, 8];

    /// <param name="Module">The block.</param>
    /// <param name="Call">Applies it.</param>
    /// <param name="Flow">The same as a flow.</param>
    /// <param name="Shape">The shape of an input.</param>
    internal sealed record Block(nn.Module Module, Func<Tensor, Tensor> Call, Func<FeatureMap, FeatureMap> Flow, long[] Shape);
}
