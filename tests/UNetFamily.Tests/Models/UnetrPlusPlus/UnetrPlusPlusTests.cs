namespace UNetFamily.Tests.Models.UnetrPlusPlus;

public class UnetrPlusPlusTests
{
    private static UnetrPlusPlusOptions Small(SpatialDims dims) => new()
    {
        InChannels = 2,
        OutChannels = 3,
        SpatialDims = dims,
        ImageSize = dims is SpatialDims.Two ? (32, 64) : (16, 32, 16),
        PatchSize = dims is SpatialDims.Two ? 4 : (1, 2, 2),
        FeatureSize = 4,
        Depths = [1, 1, 1, 2],
        DecoderDepth = 1,
        ProjectedTokens = [6, 5, 4, 3],
        DecoderProjectedTokens = 4,
    };

    private static Tensor Input(UnetrPlusPlusOptions options, long batch = 2, ScalarType type = ScalarType.Float32) =>
        randn([batch, options.InChannels, .. options.ImageSize.Along(options.SpatialDims)], type);

    [Theory]
    [InlineData(SpatialDims.Two, false)]
    [InlineData(SpatialDims.Two, true)]
    [InlineData(SpatialDims.Three, false)]
    [InlineData(SpatialDims.Three, true)]
    public void Keeps_the_size_of_its_input_and_is_traced_truly(SpatialDims dims, bool deepSupervision)
    {
        using var scope = NewDisposeScope();
        var options = Small(dims) with { DeepSupervision = deepSupervision };
        using var model = options.Build();
        using var input = Input(options);
        SegmentationOutput? output = null;

        NoLeaks.During(() => output = model.call(input)).Should().Be(deepSupervision ? 3 : 1);
        output!.Logits.shape.Should().Equal([2, 3, .. input.shape[2..]]);
        output.Auxiliary.Select(map => map.shape[2..]).Should().BeEquivalentTo(
            !deepSupervision ? [] : dims is SpatialDims.Two ? [[8, 16], [4, 8]] : (long[][])[[16, 16, 8], [8, 8, 4]], sizes => sizes.WithStrictOrdering());
        var summary = model.Summary(input.shape.AsSpan(2));
        summary.Layers[^1].Output.Axes.Should().Equal(output.Logits.shape[1..]);
        summary.Layers.Where(layer => layer.Path.StartsWith("auxiliary", StringComparison.Ordinal)).Select(layer => layer.Output.Axes)
            .Should().BeEquivalentTo(output.Auxiliary.Reverse().Select(map => ValueList.Create<long>(map.shape.AsSpan(1))));
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Its_gradient_is_that_of_its_loss(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var options = Small(dims) with { AttentionDropout = 0, Dropout = 0, DeepSupervision = true };
        using var model = options.Build();
        model.to(ScalarType.Float64);
        var input = Input(options, batch: 2, ScalarType.Float64);
        var weights = model.call(input).FinestFirst.Select(map => randn_like(map).detach()).ToArray();

        GradientCheck.RelativeError(model, Loss, step: 1e-8).Should().BeLessThan(1e-4);
        model.parameters().Should().OnlyContain(parameter => parameter.grad!.abs().max().ToDouble() > 0, "all of the network takes part");

        Tensor Loss() => model.call(input).FinestFirst.Zip(weights, (map, weight) => (map * weight).sum()).Aggregate((a, b) => a + b);
    }

    [Fact]
    public void A_training_step_leaves_nothing_alive()
    {
        var options = Small(SpatialDims.Two) with { DeepSupervision = true };
        using var model = options.Build();
        using var optimizer = optim.SGD(model.parameters(), 0.01);
        using var input = Input(options);
        Step();

        NoLeaks.During(Step).Should().Be(0);

        void Step()
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            using var output = model.call(input);
            output.FinestFirst.Select(map => map.square().mean()).Aggregate((a, b) => a + b).backward();
            optimizer.step();
        }
    }

    [Fact]
    public void No_weight_is_drawn_far_out()
    {
        using var random = manual_seed(12);        // its number 411,302 comes from a uniform draw of exactly -1
        using var weight = empty(500_000);
        TruncatedNormal.Fill(weight, 0.02);

        weight.abs().max().ToDouble().Should().BeLessThan(0.121);
        weight.std().ToDouble().Should().BeApproximately(0.02, 1e-4);
    }

    [Fact]
    public void Only_the_encoders_linear_layers_are_truncated_normal()
    {
        using var model = (Small(SpatialDims.Three) with { FeatureSize = 16 }).Build();
        foreach (var (name, linear) in model.named_modules().Where(entry => entry.module is Linear).Select(entry => (entry.name, (Linear)entry.module)))
        {
            var inEncoder = name.StartsWith("encoder.", StringComparison.Ordinal);
            if (linear.bias is { } bias) (bias.abs().max().ToDouble() == 0).Should().Be(inEncoder, "{0} is drawn so", name);
            if (linear.weight.numel() > 4000) (Math.Abs(linear.weight.std().ToDouble() - 0.02) < 2e-3).Should().Be(inEncoder, "{0} is drawn so", name);
        }
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (name.EndsWith(".position", StringComparison.Ordinal)) parameter.abs().max().ToDouble().Should().Be(0);
            if (name.EndsWith(".gamma", StringComparison.Ordinal)) parameter.min().ToDouble().Should().BeApproximately(1e-6, 1e-12);
            if (name.EndsWith("_temperature", StringComparison.Ordinal)) parameter.min().ToDouble().Should().Be(1);
        }
    }

    [Fact]
    public void Names_the_only_size_it_takes()
    {
        var options = Small(SpatialDims.Three);
        using var model = options.Build();
        using var input = zeros([1, 2, 16, 30, 16]);
        model.Invoking(m => m.call(input)).Should().Throw<ArgumentException>().WithMessage("UnetrPlusPlus: height of input (axis 3) is 30; it takes 32 only. Nearest: 32.*");
        model.Invoking(m => m.ForImageSize((16, 20, 16))).Should().Throw<ArgumentException>()
            .WithMessage("UnetrPlusPlus: ImageSize (16, 20, 16): height of input (axis 3) is 20; it takes multiples of 16. Nearest: 16 or 32.*");
    }

    [Fact]
    public void Says_everything_that_is_wrong_with_options()
    {
        var options = Small(SpatialDims.Three) with
        {
            InChannels = 3,
            ImageSize = (64, 64),
            Depths = [1, 1],
            ProjectedTokens = [4, 4, 4, 0],
            Heads = 3,
            DecoderHeads = 4,
            AttentionDropout = 1,
        };
        options.Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage(
            "UnetrPlusPlus: ImageSize (64, 64) has 2 axes, the network has 3. Depths needs 4 positive numbers, is [1, 1]. " +
            "ProjectedTokens needs 4 positive numbers, is [4, 4, 4, 0]. AttentionDropout must be from 0 to below 1, is 1. " +
            "Heads must divide 8, the channels of the first stage, is 3. Nearest: 2. " +
            "The norm after the stem has a group for each of its 3 channels, which don't divide 8. Set StemGroups, for example to 2.");
    }

    [Fact]
    public void Takes_colour_images_with_groups_that_fit()
    {
        using var scope = NewDisposeScope();
        var options = Small(SpatialDims.Two) with { InChannels = 3, StemGroups = 1 };
        using var model = options.Build();
        model.call(Input(options)).Logits.isfinite().all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void The_stem_can_see_fewer_channels_than_there_are()
    {
        using var scope = NewDisposeScope();
        var options = Small(SpatialDims.Two) with { InChannels = 4, StemChannels = 1 };
        using var model = options.Build();
        model.get_parameter("encoder.down.0.conv.weight")!.shape[1].Should().Be(1);
        model.get_parameter("detail.conv1.conv.weight")!.shape[1].Should().Be(4);
        model.call(Input(options)).Logits.shape[1].Should().Be(3);
    }

    [Fact]
    public void A_shared_projection_has_two_names_in_checkpoints()
    {
        const string E = "unetr_pp_encoder.stages.0.1.epa_block.E.weight", F = "unetr_pp_encoder.stages.0.1.epa_block.F.weight";
        var (shared, separate) = (UnetrPlusPlusKeyMaps.Official(TokenProjection.Shared), UnetrPlusPlusKeyMaps.Official(TokenProjection.Separate));

        shared.ToOurs(E).Should().Be("encoder.stages.0.1.attention.e.weight");
        shared.ToOurs(F).Should().BeNull();
        shared.SecondNames(E).Should().Equal(F);
        separate.ToOurs(F).Should().Be("encoder.stages.0.1.attention.f.weight");
        separate.SecondNames(E).Should().BeEmpty();
    }

    /// <summary>
    /// What fvcore counted on the original classes: convolutions, and everything (products and norms; its figures are rounded to 0.01 G).
    /// </summary>
    [Theory]
    [InlineData("unetrplusplus-synapse", 43.34, 47.89)]
    [InlineData("unetrplusplus-acdc", 40.19, 43.63)]
    [InlineData("unetrplusplus-lung", 115.70, 125.62)]
    [InlineData("unetrplusplus-tumor", 69.03, 73.55)]
    public void Costs_what_was_counted(string name, double convolutions, double all)
    {
        var summary = Summary(name);
        (summary.MacsOf(LayerKind.Convolution) / 1e9).Should().BeApproximately(convolutions, 0.005);
        (summary.FvcoreFlops / 1e9).Should().BeApproximately(all, 0.005);
        summary.Macs.Should().Be(Enum.GetValues<LayerKind>().Sum(summary.MacsOf));
    }

    /// <summary>
    /// "A third of the parameters and a quarter of the compute" of the best before, nnFormer (150,054,210 parameters, 213.37 G by the same counter for the same
    /// input and classes): it is 1/3.5 and 1/4.5.
    /// </summary>
    [Fact]
    public void Needs_this_part_of_what_others_need()
    {
        var summary = Summary("unetrplusplus-synapse");
        Parts(150_054_210, 213.37).Should().Be((0.286, 0.224), "nnFormer is the best before");
        Parts(92_814_766, 87.51).Should().Be((0.463, 0.547), "that is UNETR");
        Parts(62_187_296, 384.18).Should().Be((0.691, 0.125), "that is Swin UNETR");

        (double Parameters, double Compute) Parts(long parameters, double giga) =>
            (Math.Round((double)summary.Parameters / parameters, 3), Math.Round(summary.FvcoreFlops / 1e9 / giga, 3));
    }

    private static ModelSummary Summary(string name)
    {
        var options = (UnetrPlusPlusOptions)ModelCatalog.Find(name).Options;
        using var model = options.Build();
        return model.Summary(options.ImageSize.Along(options.SpatialDims));
    }
}
