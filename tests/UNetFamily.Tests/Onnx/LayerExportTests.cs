namespace UNetFamily.Tests.Onnx;

/// <summary>Layers and operations with settings that no network of the catalogue uses, each as a network of its own.</summary>
public sealed class LayerExportTests : IDisposable
{
    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Make, long[] Size)> Layers = new()
    {
        ["convolution"] = (() => Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (2, 1)), [11, 9]),
        ["convolution, same"] = (() => Conv2d(4, 6, (4, 3), padding: Padding.Same), [11, 9]),
        ["convolution, valid"] = (() => Conv3d(4, 6, 3, padding: Padding.Valid, groups: 2, bias: false), [5, 6, 7]),
        ["convolution, circular"] = (() => Conv2d(4, 6, 3, padding: 1, padding_mode: PaddingModes.Circular), [5, 6]),
        ["convolution, replicated"] = (() => Conv3d(4, 6, 3, padding: 1, padding_mode: PaddingModes.Replicate), [5, 6, 4]),
        ["convolution, reflected"] = (() => Conv2d(4, 6, 3, padding: 1, padding_mode: PaddingModes.Reflect), [5, 6]),
        ["transposed"] = (() => ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, output_padding: 1), [5, 6]),
        ["transposed, volumes"] = (() => ConvTranspose3d(4, 6, 2, stride: 2, groups: 2), [3, 4, 5]),
        ["folded"] = (() => Sequential(Conv2d(4, 6, 3, groups: 2, bias: false), BatchNorm2d(6)), [5, 6]),
        ["folded with bias behind dropout"] = (() => Sequential(Conv3d(4, 6, 3), Dropout(0.5), BatchNorm3d(6, affine: false)), [5, 6, 7]),
        ["folded, transposed"] = (() => Sequential(ConvTranspose2d(4, 6, 3, groups: 2), BatchNorm2d(6)), [5, 6]),
        ["not folded, reflected"] = (() => Sequential(Conv2d(4, 6, 3, padding: 1, padding_mode: PaddingModes.Reflect), BatchNorm2d(6)), [5, 6]),
        ["linear"] = (() => Linear(9, 5), [7, 9]),
        ["layer norm"] = (() => LayerNorm([7, 9]), [7, 9]),
        ["layer norm, plain"] = (() => LayerNorm(9, elementwise_affine: false), [7, 9]),
        ["group norm"] = (() => GroupNorm(2, 4), [5, 9]),
        ["group norm, per channel"] = (() => GroupNorm(4, 4), [5, 9, 3]),
        ["batch norm"] = (() => BatchNorm2d(4), [3, 3]),
        ["batch norm of the batch"] = (() => BatchNorm3d(4, track_running_stats: false), [3, 3, 4]),
        ["instance norm"] = (() => InstanceNorm3d(4), [3, 3, 3]),
        ["instance norm, learned"] = (() => InstanceNorm2d(4, affine: true), [3, 5]),
        ["instance norm, running"] = (() => InstanceNorm2d(4, affine: true, track_running_stats: true), [3, 5]),
        ["channel norm"] = (() => new ChannelLayerNorm(4), [3, 5]),
        ["response norm"] = (() => new GlobalResponseNorm(SpatialDims.Three, 4), [3, 5, 4]),
        ["max pool"] = (() => MaxPool2d(3, 2, 1), [8, 7]),
        ["average pool"] = (() => AvgPool3d(3, 2, 1), [8, 7, 6]),
        ["mean"] = (() => AdaptiveAvgPool3d(1), [8, 7, 6]),
        ["means of parts"] = (() => AdaptiveAvgPool2d([4, 2]), [8, 6]),
        ["maxima of parts"] = (() => AdaptiveMaxPool2d([2, 3]), [8, 6]),
        ["dropout"] = (() => Sequential(Dropout(0.5), Dropout2d(0.5), new DropPath(0.5)), [4, 9]),
        ["softmax"] = (() => Softmax(1), [4, 9]),
        ["tanh-GELU"] = (() => GELU(TorchSharp.Modules.GELU.Approximate.tanh), [4, 9]),
        ["PReLU by channel"] = (() => PReLU(4), [4, 9, 3]),
        ["linear upsampling"] = (() => new LinearUpsample(2), [4, 5, 3]),
        ["nothing"] = (() => Sequential(), [4, 9]),
        ["shifted"] = (() => new Flowing(x => FeatureMap.Concat(x.AxialShift(0, 3), x.AxialShift(1, 5), x.AxialShift(1, 1))), [4, 9]),
        ["compared"] = (() => new Flowing(x => x.Greater(x.Tanh() * x).AddCmul(x, x)), [4, 9]),
        ["resized to another"] = (() => new Flowing(x => x.ResizeTo(x.UpsampleNearest((3, 2)), alignCorners: true) + x.UpsampleNearest((3, 2)).Softmax(-1)), [4, 9]),
        ["resized, half a pixel"] = (() => new Flowing(x => x.ResizeTo(x.Upsample((2, 1, 3), alignCorners: false), alignCorners: false)), [4, 9, 3]),
        ["padded and cut"] = (() => new Flowing(x => x.Pad(axis => (axis, 2)).CropTo(x.Narrow(1, 2)) / x.L2Norm(1e-6)), [4, 9]),
        ["products of matrices"] = (() => new Flowing(x => x.Tokens().MatMul(x.Tokens().Transpose(1, 2)).Reshape(x.Shape[0], 4, 2, 2).L2Normalize(1e-9)), [4, 9]),
        ["heads in the batch"] = (() => new Flowing(x => x.Reshape(2 * x.Shape[0], 2, 4, 9).Softmax(1).Reshape(x.Shape[0], 4, 4, 9)), [4, 9]),
    };

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    static LayerExportTests()
    {
        var activations = Choices.ConstantsOf(typeof(Activation)).Select(constant => constant.GetValue(null)).Concat(Choices.FactoriesOf(typeof(Activation)).SelectMany(Choices.MadeBy));
        foreach (var choice in activations.Cast<Activation>().DistinctBy(choice => choice.ToString())) Layers[$"activation {choice}"] = (() => choice.Build(), [4, 9]);
    }

    public static TheoryData<string> Names() => new(Layers.Keys);

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_layer_is_its_file(string name)
    {
        var (make, size) = Layers[name];
        using var model = Exported.Filled(new OneLayer(make(), (SpatialDims)size.Length));
        var path = Path.Combine(folder.FullName, "net.onnx");
        foreach (var fold in new[] { true, false })
        {
            model.ExportOnnx(path, Extent.Of(size), new OnnxExportOptions { FoldNorms = fold });
            Exported.Compare(model, path, [2, 4, .. size], 1e-5);
            if (name != "batch norm of the batch") Exported.Compare(model, path, [3, 4, .. size], 1e-5);
        }
        if (!name.StartsWith("folded", StringComparison.Ordinal)) return;
        model.ExportOnnx(path, Extent.Of(size));
        global::Onnx.ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph.Node.Should().NotContain(node => node.OpType == "BatchNormalization");
    }

    /// <summary>A network of one layer.</summary>
    private sealed class OneLayer : SegmentationModel
    {
        private readonly Module<Tensor, Tensor> layer;

        public OneLayer(Module<Tensor, Tensor> layer, SpatialDims dims) : base(new OneLayerOptions { InChannels = 4, OutChannels = 4, SpatialDims = dims })
        {
            this.layer = layer;
            RegisterComponents();
        }

        public override InputSizes InputSizes => InputSizes.AtLeast(Options.SpatialDims, 1);

        protected override SegmentationMaps Flow(FeatureMap x) => x.Through(layer);
    }

    private sealed record OneLayerOptions : SegmentationModelOptions
    {
        public override SegmentationModel Build() => throw new NotSupportedException();
    }

    /// <summary>A block that is a flow.</summary>
    private sealed class Flowing(Func<FeatureMap, FeatureMap> flow) : Block(nameof(Flowing))
    {
        protected override FeatureMap Flow(FeatureMap x) => flow(x);
    }
}
