using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.NnUNet;

public class NnUNetTests
{
    private static readonly string[] Networks = ["plain", "residual encoder", "residual", "bottleneck"];

    public static IEnumerable<object[]> Forms() => from network in Networks from dims in Enum.GetValues<SpatialDims>() select new object[] { network, dims };

    private static NnUNetOptions Small(string network, SpatialDims dims)
    {
        NnUNetOptions options = network switch
        {
            "plain" => new PlainConvUNetOptions { InChannels = 2, OutChannels = 3, Stages = 3, ConvsPerStage = [1, 2, 1] },
            "residual encoder" => new ResidualEncoderUNetOptions { InChannels = 2, OutChannels = 3, Stages = 3, BlocksPerStage = [1, 2, 1] },
            "residual" => new ResidualUNetOptions { InChannels = 2, OutChannels = 3, Stages = 3, BlocksPerStage = [1], ConvsPerStageDecoder = [2, 1] },
            _ => new ResidualEncoderUNetOptions
            {
                InChannels = 2, OutChannels = 3, Stages = 3, BlocksPerStage = [1], Block = ResidualBlockKind.Bottleneck, BottleneckChannels = [2, 3, 4], StemChannels = 5,
            },
        };
        return options with
        {
            SpatialDims = dims,
            FeaturesPerStage = [4, 6, 8],
            KernelSizes = dims is SpatialDims.Two ? [3] : [(1, 3, 3), 3, 3],
            Strides = dims is SpatialDims.Two ? null : [1, (1, 2, 2), 2],
        };
    }

    private static long[] Size(SpatialDims dims) => dims is SpatialDims.Two ? [12, 8] : [4, 8, 12];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Returns_logits_from_fine_to_coarse_and_is_traced_truly(string network, SpatialDims dims)
    {
        var size = Size(dims);
        using var input = randn([2, 2, .. size]);
        foreach (var deep in new[] { true, false })
        {
            using var model = (Small(network, dims) with { DeepSupervision = deep }).Build();
            using var output = model.call(input);
            output.Logits.shape.Should().Equal([2, 3, .. size]);
            output.Auxiliary.Select(map => map.shape[^1]).Should().Equal(deep ? [size[^1] / 2] : []);
            model.Summary(size).Layers[^1].Output.Axes.Should().Equal([3, .. size]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Its_gradient_is_that_of_its_loss(string network, SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = (Small(network, dims) with { Activation = Activation.SiLU, Initialization = Initialization.Default, Norm = Normalization.Batch }).Build();
        model.to(ScalarType.Float64);
        var input = randn([2, 2, .. Size(dims)], ScalarType.Float64);
        var weights = model.call(input).FinestFirst.Select(map => randn_like(map).detach()).ToArray();
        GradientCheck.RelativeError(model, () => model.call(input).FinestFirst.Zip(weights, (map, weight) => (map * weight).sum()).Aggregate((a, b) => a + b), step: 1e-6).Should().BeLessThan(1e-6);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Leaves_exactly_its_outputs_alive(string network, SpatialDims dims)
    {
        using var model = Small(network, dims).Build();
        using var input = randn([1, 2, .. Size(dims)]);
        SegmentationOutput? output = null;
        NoLeaks.During(() => output = model.call(input)).Should().Be(2);
        NoLeaks.During(() => output!.Dispose()).Should().Be(-2);
        NoLeaks.DuringTraining(model, input).Should().Be(0);
    }

    [Fact]
    public void Weights_fit_with_and_without_deep_supervision()
    {
        using var deep = Small("plain", SpatialDims.Two).Build();
        using var single = (Small("plain", SpatialDims.Two) with { DeepSupervision = false }).Build();
        single.state_dict().Keys.Should().Equal(deep.state_dict().Keys);
    }

    [Fact]
    public void Starts_with_the_planners_numbers()
    {
        PlainConvUNetOptions.Planner2d(1, 2).EncoderStages.Select(stage => stage.Features).Should().Equal(32, 64, 128, 256, 512, 512, 512, 512);
        PlainConvUNetOptions.Planner3d(1, 2).EncoderStages.Select(stage => stage.Features).Should().Equal(32, 64, 128, 256, 320, 320);
        ResidualEncoderUNetOptions.Planner3d(1, 2, stages: 7).Blocks.Should().Equal(1, 3, 4, 6, 6, 6, 6);
        using var model = PlainConvUNetOptions.Planner3d(1, 2, stages: 5).Build();
        model.InputSizes.ToString().Should().StartWith("depth: multiples of 16;");
    }

    [Fact]
    public void Draws_weights_as_nnU_Net_does()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = new ResidualEncoderUNetOptions { InChannels = 1, OutChannels = 2, Stages = 2, FeaturesPerStage = [64, 96] }.Build();
        var state = model.state_dict();

        state["encoder.stages.0.0.conv2.norm.weight"].abs().max().ToDouble().Should().Be(0);
        state["encoder.stages.1.2.conv2.norm.bias"].abs().max().ToDouble().Should().Be(0);
        state["encoder.stages.1.0.conv1.norm.weight"].min().ToDouble().Should().Be(1);
        state["encoder.stages.1.0.skip.1.norm.weight"].min().ToDouble().Should().Be(1);
        state["encoder.stages.0.0.conv1.conv.bias"].abs().max().ToDouble().Should().Be(0);
        var expected = Math.Sqrt(2 / (1 + 0.01 * 0.01) / (64 * 9));
        state["encoder.stages.0.0.conv1.conv.weight"].std().ToDouble().Should().BeApproximately(expected, 0.03 * expected);
    }

    public static IEnumerable<object[]> Cases() => ReferenceCases.In(ReferenceCases.FolderOf("plainconvunet")).Where(source => source.Text("aliases") is not null).Select(source => new object[] { new CaseName(source) });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Names_each_tensor_as_often_as_the_original(CaseName @case)
    {
        var source = @case.Load();
        using var model = new NnUNetReference().Build(source).Module;
        var keys = ((SegmentationModel)model).Options.KeyMaps[0];

        var expected = File.ReadLines(Path.Combine(source.Folder, source.Text("aliases")!)).Where(line => line.Length > 0).Select(line => line.Split('\t')).Select(cells => (Second: cells[0], First: cells[1]));
        var named = model.state_dict().Keys.Select(keys.ToOfficial).SelectMany(first => keys.SecondNames(first).Select(second => (Second: second, First: first)));
        named.Order().Should().NotBeEmpty().And.Equal(expected.Order());
    }

    [Fact]
    public void Names_the_second_places_of_every_kind_of_unit()
    {
        var plain = NnUNetKeyMaps.Plain(new() { InChannels = 1, OutChannels = 1, Stages = 2, Dropout = Regularization.Dropout(0.1), Activation = Activation.PReLU(), Order = ConvOrder.ConvActNorm });
        plain.SecondNames("decoder.stages.0.convs.1.norm.weight").Should().Equal("decoder.stages.0.convs.1.all_modules.3.weight");
        plain.SecondNames("encoder.stages.1.0.convs.0.nonlin.weight").Should().Equal("encoder.stages.1.0.convs.0.all_modules.2.weight",
            "decoder.encoder.stages.1.0.convs.0.nonlin.weight", "decoder.encoder.stages.1.0.convs.0.all_modules.2.weight");
        plain.ToOfficial("encoder.stages.1.0.activation.weight").Should().Be("encoder.stages.1.0.convs.0.nonlin.weight");

        var residual = NnUNetKeyMaps.Residual(new() { InChannels = 1, OutChannels = 1, Stages = 2, Dropout = Regularization.Dropout(0.1), Activation = Activation.PReLU(), Block = ResidualBlockKind.Bottleneck, BottleneckChannels = [2] });
        residual.SecondNames("decoder.stages.0.blocks.0.conv1.norm.bias").Should().Equal("decoder.stages.0.blocks.0.conv1.all_modules.2.bias");
        residual.SecondNames("decoder.stages.0.blocks.0.conv2.norm.bias").Should().Equal("decoder.stages.0.blocks.0.conv2.all_modules.1.bias");
        residual.ToOfficial("encoder.stages.1.0.activation.weight").Should().Be("encoder.stages.1.blocks.0.nonlin3.weight");
        residual.ToOfficial("decoder.stages.1.blocks.0.activation.weight").Should().Be("decoder.stages.1.blocks.0.nonlin2.weight");
        residual.ToOurs("encoder.stages.1.blocks.0.conv2.nonlin.weight").Should().Be("encoder.stages.1.0.conv2.activation.weight");
    }

    [Fact]
    public void Instance_norm_needs_two_positions_at_the_bottleneck()
    {
        using var model = Small("plain", SpatialDims.Two).Build();
        using var single = zeros(1, 2, 4, 4);
        using var odd = zeros(1, 2, 4, 6);
        model.Invoking(m => m.call(single)).Should().Throw<ArgumentException>()
            .WithMessage("PlainConvUNet: the input is 4 x 4; it takes 2 or more cells of 4 x 4, so that its norm has several positions. Nearest: 4 x 8.*");
        model.Invoking(m => m.call(odd)).Should().Throw<ArgumentException>().WithMessage("PlainConvUNet: width of input (axis 3) is 6; it takes multiples of 4. Nearest: 4 or 8.*");
        model.InputSizes.Cover([3, 4]).Should().Equal(4, 8);
        model.InputSizes.ToString().Should().Be("height: multiples of 4; width: multiples of 4; 2 or more cells of 4 x 4");

        using var batch = (Small("plain", SpatialDims.Two) with { Norm = Normalization.Batch }).Build();
        batch.eval();
        using var output = batch.call(single);
        output.Logits.shape.Should().Equal(1, 3, 4, 4);
    }

    [Fact]
    public void Says_everything_that_is_wrong_with_options()
    {
        var options = new ResidualEncoderUNetOptions
        {
            InChannels = 1, OutChannels = 2, Stages = 4, FeaturesPerStage = [8, 16], KernelSizes = [(3, 3, 3)], Strides = [1, 2, 2, 0], ConvsPerStageDecoder = [0],
            BlocksPerStage = [1, 2, 3], Block = ResidualBlockKind.Bottleneck, StemChannels = 0,
        };
        options.Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage(
            "ResidualEncoderUNet: FeaturesPerStage needs 4 entries, or one for all; has 2. ConvsPerStageDecoder must be positive, are [0]. " +
            "KernelSizes must be positive and have the axes of SpatialDims, are [(3, 3, 3)]. Strides must be positive and have the axes of SpatialDims, are [1, 2, 2, 0]. " +
            "BlocksPerStage needs 4 entries, or one for all; has 3. BottleneckChannels must be given when Block is Bottleneck. StemChannels must be positive, is 0.");

        var plain = PlainConvUNetOptions.Planner2d(1, 2, stages: 3) with { KernelSizes = [3, 4, 3], Norm = Normalization.Group(5), ConvsPerStage = [] };
        plain.Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage(
            "PlainConvUNet: Norm: 5 groups do not divide 32, 64, 128 channels. Nearest: 4. ConvsPerStage needs 3 entries, or one for all; has 0. KernelSizes must be odd, are [3, 4, 3].");
        (plain with { Stages = 1 }).Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage("PlainConvUNet: Stages must be 2 or more, is 1.*");
    }

    [Fact]
    public void A_strided_bottleneck_of_one_convolution_may_have_an_even_kernel()
    {
        using var model = (PlainConvUNetOptions.Planner2d(1, 2, stages: 3) with { FeaturesPerStage = [4], KernelSizes = [3, 3, 4], ConvsPerStage = [2, 2, 1] }).Build();
        using var input = randn(1, 1, 16, 12);
        using var output = model.call(input);
        output.Logits.shape.Should().Equal(1, 2, 16, 12);
    }
}
