namespace UNetFamily.Tests.Models.UNetPlusPlus;

public class UNetPlusPlusTests
{
    private static readonly ValueList<long> Widths = [4, 6, 8, 10];

    public static TheoryData<string, SpatialDims> Forms() => new()
    {
        { "nested", SpatialDims.Two },
        { "nested", SpatialDims.Three },
        { "keras", SpatialDims.Two },
        { "keras", SpatialDims.Three },
        { "nnunet", SpatialDims.Two },
        { "nnunet", SpatialDims.Three },
        { "plain", SpatialDims.Two },
        { "plain", SpatialDims.Three },
    };

    private static UNetPlusPlusOptions Small(string form, SpatialDims dims) => form switch
    {
        "nested" => UNetPlusPlusOptions.Nested(2, 3, deepSupervision: true) with { SpatialDims = dims, Widths = Widths },
        "keras" => UNetPlusPlusOptions.Keras(2, 3, deepSupervision: true) with { SpatialDims = dims, Widths = Widths, Dropout = Regularization.None },
        "nnunet" => UNetPlusPlusOptions.NnUNet(dims, 2, 3, baseWidth: 4, strides: [2, 2, 2]),
        "plain" => UNetPlusPlusOptions.Nested(2, 3) with { SpatialDims = dims, Widths = Widths, Skips = NestedSkips.Plain },
        _ => throw new ArgumentOutOfRangeException(nameof(form)),
    };

    private static long[] Size(SpatialDims dims) => dims is SpatialDims.Two ? [16, 24] : [8, 16, 8];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_branch_keeps_the_size_of_the_input_and_is_traced_truly(string form, SpatialDims dims)
    {
        using var model = Small(form, dims).Build();
        using var input = randn([2, 2, .. Size(dims)]);
        using var output = model.call(input);

        output.FinestFirst.Should().HaveCount(form == "plain" ? 1 : 3).And.OnlyContain(map => map.shape.SequenceEqual(input.shape.Select((side, axis) => axis == 1 ? 3 : side)));
        var summary = model.Summary(Size(dims));
        summary.Layers[^1].Output.Axes.Should().Equal([3, .. Size(dims)]);
        summary.Layers.Sum(layer => layer.Parameters).Should().Be(summary.Parameters, "every layer is used once");
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Its_gradient_is_that_of_its_loss(string form, SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        // Smooth, so that a central difference meets no kink, and without the steep statistics of a bottleneck of two positions.
        using var model = (Small(form, dims) with { Activation = Activation.GELU, Norm = Normalization.None }).Build();
        model.to(ScalarType.Float64);
        var input = randn([1, 2, .. Size(dims)], ScalarType.Float64);
        var weights = model.call(input).FinestFirst.Select(map => randn_like(map).detach()).ToArray();

        GradientCheck.RelativeError(model, () => model.call(input).FinestFirst.Zip(weights, (map, weight) => (map * weight).sum()).Aggregate((a, b) => a + b))
            .Should().BeLessThan(1e-6);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Leaves_exactly_its_output_alive(string form, SpatialDims dims)
    {
        using var model = Small(form, dims).Build();
        using var input = randn([1, 2, .. Size(dims)]);
        SegmentationOutput? output = null;

        NoLeaks.During(() => output = model.call(input)).Should().Be(model.Levels.Count);
        NoLeaks.During(() => output!.Dispose()).Should().Be(-model.Levels.Count);
        using var noGradient = no_grad();
        NoLeaks.During(() => model.Fast(input, model.Levels[^1]).Dispose()).Should().Be(0);
        if (form != "plain") NoLeaks.During(() => model.Accurate(input).Dispose()).Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Pruned_to_a_branch_it_computes_that_branch_bit_for_bit(string form, SpatialDims dims)
    {
        using var model = Small(form, dims).Build();
        model.eval();
        using var noGradient = no_grad();
        using var input = randn([2, 2, .. Size(dims)]);
        using var full = model.call(input);

        foreach (var level in model.Levels)
        {
            using var pruned = model.Prune(level);
            using var output = pruned.call(input);

            output.FinestFirst.Should().ContainSingle();
            TensorAssert.Equal(output.Logits, full.FinestFirst[model.Levels[^1] - level], $"branch {level}");
            pruned.training.Should().BeFalse();
            pruned.parameters().Sum(parameter => parameter.numel()).Should().BeLessThanOrEqualTo(model.parameters().Sum(parameter => parameter.numel()));
            pruned.state_dict().Keys.Should().BeSubsetOf(model.state_dict().Keys);
        }
    }

    [Theory]
    [InlineData(1, 103_041)]
    [InlineData(2, 519_105)]
    [InlineData(3, 2_236_161)]
    [InlineData(4, 9_163_329)]
    public void Pruning_leaves_the_papers_L1_to_L4(int level, long parameters)
    {
        using var model = UNetPlusPlusOptions.Nested(deepSupervision: true).Build();
        using var pruned = model.Prune(level);
        pruned.parameters().Sum(parameter => parameter.numel()).Should().Be(parameters);
        pruned.Summary(32, 32).Parameters.Should().Be(parameters);
        pruned.InputSizes.ToString().Should().StartWith($"height: multiples of {1 << level};");
    }

    [Theory]
    [InlineData(1, 294_592)]
    [InlineData(2, 1_483_776)]
    [InlineData(3, 6_392_640)]
    [InlineData(4, 20_170_240)]
    [InlineData(5, 45_966_400)]
    public void The_nnunet_form_has_its_counted_branches(int level, long parameters)
    {
        using var model = (UNetPlusPlusOptions.NnUNet(SpatialDims.Three, 1, 3, deepSupervision: false) with { Level = level }).Build();
        model.parameters().Sum(parameter => parameter.numel()).Should().Be(parameters);
    }

    [Fact]
    public void A_pruned_network_saves_and_loads_as_what_it_is()
    {
        using var model = Small("nested", SpatialDims.Two).Build();
        using var pruned = model.Prune(2);
        pruned.eval();
        var options = (UNetPlusPlusOptions)pruned.Options;
        options.Should().Be(Small("nested", SpatialDims.Two) with { Level = 2, DeepSupervision = false });

        var file = Path.GetTempFileName();
        try
        {
            pruned.save(file);
            using var loaded = options.Build();
            loaded.load(file);
            loaded.eval();
            using var input = randn(1, 2, 12, 8);
            using var expected = pruned.call(input);
            using var output = loaded.call(input);
            TensorAssert.Equal(output.Logits, expected.Logits);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_pruned_network_has_weights_of_its_own()
    {
        using var noGradient = no_grad();
        using var model = Small("nested", SpatialDims.Two).Build();
        model.eval();
        using var pruned = model.Prune(1);
        using var input = randn(1, 2, 8, 8);
        using var before = pruned.call(input);

        foreach (var parameter in model.parameters()) parameter.zero_();
        using var after = pruned.call(input);
        TensorAssert.Equal(after.Logits, before.Logits);
    }

    [Fact]
    public void A_pruned_network_keeps_the_type_of_its_weights()
    {
        using var model = Small("nested", SpatialDims.Two).Build();
        model.to(ScalarType.Float64);
        using var pruned = model.Prune(1);
        pruned.training.Should().BeTrue();
        pruned.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float64);
        TensorAssert.Equal(pruned.state_dict()["encoder.0.convs.0.conv.weight"], model.state_dict()["encoder.0.convs.0.conv.weight"]);
    }

    [Fact]
    public void Fast_mode_is_the_pruned_network_and_takes_its_sizes()
    {
        using var noGradient = no_grad();
        using var model = Small("nested", SpatialDims.Two).Build();
        model.eval();
        using var pruned = model.Prune(1);
        using var input = randn(1, 2, 14, 6);       // even, and no multiple of 8
        using var expected = pruned.call(input);
        using var probabilities = expected.Logits.softmax(1);

        using var fast = model.Fast(input, level: 1);
        TensorAssert.Equal(fast, probabilities);
        model.Invoking(m => m.call(input)).Should().Throw<ArgumentException>().WithMessage("*height of input (axis 2) is 14; it takes multiples of 8. Nearest: 8 or 16.*");
    }

    [Theory]
    [InlineData(1, null, true)]
    [InlineData(3, null, false)]
    [InlineData(3, true, true)]
    public void Accurate_mode_is_the_mean_of_the_branches_probabilities(long classes, bool? asked, bool sigmoid)
    {
        using var noGradient = no_grad();
        using var model = (Small("nested", SpatialDims.Two) with { OutChannels = classes }).Build();
        model.eval();
        using var input = randn(2, 2, 8, 8);
        using var output = model.call(input);
        using var expected = stack(output.FinestFirst.Select(logits => sigmoid ? logits.sigmoid() : logits.softmax(1)).ToArray()).mean([0]);

        using var accurate = model.Accurate(input, asked);
        TensorAssert.Close(accurate, expected, 1e-6);
    }

    [Fact]
    public void Refuses_what_it_has_no_head_for()
    {
        using var model = (Small("nested", SpatialDims.Two) with { DeepSupervision = false }).Build();
        using var input = randn(1, 2, 8, 8);
        model.Invoking(m => m.Prune(1)).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("UNetPlusPlus has heads on the branches 3. Build it with DeepSupervision = true to have one on every branch.*").WithParameterName("level");
        model.Invoking(m => m.Fast(input, 4)).Should().Throw<ArgumentOutOfRangeException>();
        model.Invoking(m => m.Accurate(input)).Should().Throw<InvalidOperationException>().WithMessage("UNetPlusPlus has a head on its last branch only*DeepSupervision = true.");
    }

    [Fact]
    public void Says_everything_that_is_wrong_with_options()
    {
        var options = UNetPlusPlusOptions.Nested(1, 1, deepSupervision: true) with
        {
            Widths = [8, 16, 32],
            Level = 3,
            Skips = NestedSkips.Plain,
            Kernels = [3, 3],
            Strides = [(1, 2, 2)],
            DecoderKernels = [4],
        };
        options.Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage(
            "UNetPlusPlus: Level must be 1 to 2, the depth, is 3. DeepSupervision needs Skips = Dense: with Plain the last branch is the only one. " +
            "Kernels needs one entry for all or 3, one for each level; it has 2. Kernels must be odd, with 1 or 2 numbers; one is 4. " +
            "Strides must be positive, with 1 or 2 numbers; one is (1, 2, 2).");
    }

    [Fact]
    public void Anisotropic_volumes_are_divided_as_the_strides_say()
    {
        using var model = UNetPlusPlusOptions.NnUNet(SpatialDims.Three, 1, 2, baseWidth: 2, strides: [(1, 2, 2), 2, (1, 2, 2)], kernels: [(1, 3, 3), 3, 3, 3]).Build();
        model.InputSizes.ToString().Should().StartWith("depth: multiples of 2; height: multiples of 8; width: multiples of 8;");
        using var input = randn([1, 1, 4, 16, 8]);
        using var output = model.call(input);
        output.FinestFirst.Should().OnlyContain(map => map.shape.SequenceEqual(new long[] { 1, 2, 4, 16, 8 }));
        model.Summary(4, 16, 8).Layers[^1].Output.Axes.Should().Equal(2, 4, 16, 8);
    }

    [Fact]
    public void With_instance_norm_the_deepest_level_needs_two_positions()
    {
        using var model = Small("nnunet", SpatialDims.Two).Build();
        model.eval();
        using var input = randn(1, 2, 8, 8);
        model.Invoking(m => m.call(input)).Should().Throw<ArgumentException>().WithMessage("*2 or more cells of 8 x 8*Nearest: 8 x 16.*");
        using var fast = model.Fast(input, level: 2);       // its deepest level has four
        fast.shape.Should().Equal(1, 3, 8, 8);
    }

    [Fact]
    public void Costs_what_was_counted()
    {
        using var nested = UNetPlusPlusOptions.Nested().Build();
        ((double)nested.Summary(256, 256).Macs).Should().BeApproximately(34.49e9, 0.005e9);
        using var plain = (UNetPlusPlusOptions.Nested() with { Skips = NestedSkips.Plain }).Build();
        ((double)plain.Summary(256, 256).Macs).Should().BeApproximately(13.95e9, 0.005e9);
        using var keras = UNetPlusPlusOptions.Keras(inChannels: 3).Build();
        ((double)keras.Summary(96, 96).Macs).Should().BeApproximately(4.19e9, 0.005e9);
    }

    [Fact]
    public void A_training_step_leaves_nothing_alive()
    {
        using var model = Small("nested", SpatialDims.Two).Build();
        using var optimizer = optim.SGD(model.parameters(), 0.01);
        using var input = randn(2, 2, 16, 16);
        using var target = zeros([2, 16, 16], ScalarType.Int64);
        Step();     // gradients are made once

        NoLeaks.During(Step).Should().Be(0);

        void Step()
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            model.call(input).FinestFirst.Select(logits => functional.cross_entropy(logits, target)).Aggregate((a, b) => a + b).backward();
            optimizer.step();
        }
    }
}
