using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.MedNeXt;

public class MedNeXtTests
{
    private static MedNeXtOptions Tiny(SpatialDims dims) => new()
    {
        InChannels = 2,
        OutChannels = 3,
        SpatialDims = dims,
        Channels = 4,
        Depths = [1, 2, 1, 0, 1],
        Expansions = [2, 3, 4, 3, 2],
    };

    /// <summary>Every choice that changes what is computed, in both ranks.</summary>
    public static TheoryData<SpatialDims, string> Forms()
    {
        var forms = new TheoryData<SpatialDims, string>();
        foreach (var dims in new[] { SpatialDims.Two, SpatialDims.Three })
            foreach (var form in new[] { "plain", "no residuals", "layer norm", "response norm", "kernels", "checkpointing" }) forms.Add(dims, form);
        return forms;
    }

    private static MedNeXtOptions Options(SpatialDims dims, string form) => form switch
    {
        "no residuals" => Tiny(dims) with { Residual = false, ResamplingResidual = false },
        "layer norm" => Tiny(dims) with { Norm = Normalization.ChannelLayer },
        "response norm" => Tiny(dims) with { ResponseNorm = true, DeepSupervision = true },
        "kernels" => Tiny(dims) with { EncoderKernel = dims is SpatialDims.Two ? (5, 3) : (1, 3, 5), DecoderKernel = 7 },
        "checkpointing" => Tiny(dims) with { ActivationCheckpointing = true, DeepSupervision = true },
        _ => Tiny(dims),
    };

    private static long[] Size(MedNeXtOptions options) => options.SpatialDims is SpatialDims.Two ? [12, 20] : [8, 12, 4];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Keeps_the_size_of_its_input_and_is_traced_truly(SpatialDims dims, string form)
    {
        var options = Options(dims, form);
        using var scope = NewDisposeScope();
        using var model = options.Build();
        var size = Size(options);
        var output = model.call(randn([2, 2, .. size]));

        output.Logits.shape.Should().Equal([2, 3, .. size]);
        output.Auxiliary.Select(map => map.shape).Should().BeEquivalentTo(
            options.DeepSupervision ? new long[][] { [2, 3, .. size.Select(side => side / 2)], [2, 3, .. size.Select(side => side / 4)] } : [], order => order.WithStrictOrdering());
        model.Summary(size).Layers[^1].Output.Axes.Should().Equal([3, .. size]);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Its_gradient_is_that_of_its_loss(SpatialDims dims, string form)
    {
        var options = Options(dims, form);
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = options.Build();
        model.to(ScalarType.Float64);
        var input = randn([1, 2, .. Size(options)], ScalarType.Float64);
        var weights = model.call(input).FinestFirst.Select(map => randn_like(map).detach()).ToArray();

        GradientCheck.RelativeError(model, Loss).Should().BeLessThan(1e-5);

        Tensor Loss() => model.call(input).FinestFirst.Zip(weights, (map, weight) => (map * weight).sum()).Aggregate((sum, term) => sum + term);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Leaves_exactly_its_output_alive(SpatialDims dims, string form)
    {
        var options = Options(dims, form);
        using var model = options.Build();
        using var input = randn([1, 2, .. Size(options)]);
        var maps = options.DeepSupervision ? 3 : 1;
        SegmentationOutput? output = null;

        NoLeaks.During(() => output = model.call(input)).Should().Be(maps);
        NoLeaks.During(() => output!.Dispose()).Should().Be(-maps);

        using var noGradient = no_grad();
        NoLeaks.During(() => model.call(input).Dispose()).Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_training_step_leaves_nothing_alive_and_reaches_every_parameter(SpatialDims dims, string form)
    {
        var options = Options(dims, form);
        using var model = options.Build();
        using var optimizer = optim.SGD(model.parameters(), 0.01);
        using var input = randn([1, 2, .. Size(options)]);
        Step();     // gradients are made once

        NoLeaks.During(Step).Should().Be(0);
        using var scope = NewDisposeScope();
        model.named_parameters().Where(entry => entry.parameter.grad is null).Select(entry => entry.name).Should().Equal("dummy");

        void Step()
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            model.call(input).FinestFirst.Select(map => map.square().mean()).Aggregate((sum, term) => sum + term).backward();
            optimizer.step();
        }
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Without_gradients_it_computes_the_same(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        using var model = (Tiny(dims) with { ResponseNorm = true }).Build();
        var input = randn([1, 2, .. Size(Tiny(dims))]);
        var before = input.clone();
        var recorded = model.call(input).Logits;

        using var noGradient = no_grad();
        TensorAssert.Equal(model.call(input).Logits, recorded, "the output without gradients, where activations and sums overwrite their inputs");
        TensorAssert.Equal(input, before, "the input");
    }

    public static TheoryData<CaseName> Variants() => new(ReferenceCases.In(ReferenceCases.FolderOf("mednext"))
        .Where(source => source["macs_at_128"] is not null).Select(source => new CaseName(source)));

    [Theory]
    [MemberData(nameof(Variants))]
    public void Costs_what_was_counted_at_128(CaseName variant)
    {
        var source = variant.Load();
        using var scope = NewDisposeScope();
        using var model = (UNetFamily.MedNeXt)new MedNeXtReference().Build(source).Module;
        var summary = model.Summary(128, 128, 128);
        summary.Parameters.Should().Be(source.ParameterCount);
        summary.Macs.Should().Be(source["macs_at_128"]!.Value.GetInt64());
        summary.FvcoreFlops.Should().Be(summary.Macs + 5 * source["norm_elements_at_128"]!.Value.GetInt64(), "that is how the published GFLOPs count");

        using var supervised = (((MedNeXtOptions)model.Options) with { DeepSupervision = true }).Build();
        supervised.Summary(128, 128, 128).Parameters.Should().Be(source["param_count_with_deep_supervision"]!.Value.GetInt64());
    }

    [Fact]
    public void The_published_variants_are_points_of_compound_scaling()
    {
        Numbers(MedNeXtOptions.Small(1, 14)).Should().Be("[2, 2, 2, 2, 2, 2, 2, 2, 2] [2, 2, 2, 2, 2, 2, 2, 2, 2]");
        Numbers(MedNeXtOptions.Base(1, 14)).Should().Be("[2, 2, 2, 2, 2, 2, 2, 2, 2] [2, 3, 4, 4, 4, 4, 4, 3, 2]");
        Numbers(MedNeXtOptions.Medium(1, 14)).Should().Be("[3, 4, 4, 4, 4, 4, 4, 4, 3] [2, 3, 4, 4, 4, 4, 4, 3, 2]");
        Numbers(MedNeXtOptions.Large(1, 14)).Should().Be("[3, 4, 8, 8, 8, 8, 8, 4, 3] [3, 4, 8, 8, 8, 8, 8, 4, 3]");
        MedNeXtOptions.Scaled(1, 14, depth: 4, width: 4, kernel: 5).Should().Be(MedNeXtOptions.Large(1, 14, 5) with { ActivationCheckpointing = false });
        new MedNeXtOptions { InChannels = 1, OutChannels = 14 }.Should().Be(MedNeXtOptions.Small(1, 14));
    }

    [Theory]
    [InlineData(0.5, 0.5, "[1, 1, 1, 1, 1, 1, 1, 1, 1] [1, 1, 1, 1, 1, 1, 1, 1, 1]")]
    [InlineData(1, 1.5, "[2, 2, 2, 2, 2, 2, 2, 2, 2] [2, 3, 3, 3, 3, 3, 3, 3, 2]")]
    [InlineData(3, 3, "[3, 4, 6, 6, 6, 6, 6, 4, 3] [3, 4, 6, 6, 6, 6, 6, 4, 3]")]
    [InlineData(8, 8, "[3, 4, 16, 16, 16, 16, 16, 4, 3] [4, 5, 16, 16, 16, 16, 16, 5, 4]")]
    public void Scaling_goes_between_and_beyond(double depth, double width, string expected) =>
        Numbers(MedNeXtOptions.Scaled(1, 2, depth, width)).Should().Be(expected);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Scaling_refuses_what_is_no_factor(double factor) =>
        FluentActions.Invoking(() => MedNeXtOptions.Scaled(1, 2, depth: factor)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("depth must be positive and finite; 1 is MedNeXt-S.*");

    [Fact]
    public void Refuses_a_size_that_does_not_halve_four_times()
    {
        using var model = (MedNeXtOptions.Small(1, 2) with { Channels = 1 }).Build();
        using var input = zeros([1, 1, 32, 40, 32]);
        model.Invoking(m => m.call(input)).Should().Throw<ArgumentException>()
            .WithMessage("MedNeXt: height of input (axis 3) is 40; it takes multiples of 16. Nearest: 32 or 48.*");
    }

    [Fact]
    public void Says_everything_that_is_wrong_with_options()
    {
        var options = Tiny(SpatialDims.Three) with { Channels = 0, Depths = [1, -1], Expansions = [2, 0, 2], Kernel = 4, EncoderKernel = (3, 3) };
        options.Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage(
            "MedNeXt: Channels must be positive, is 0. Depths needs an odd number of stages, 3 or more (9 in the paper), has 2. Depths must not be negative, are [1, -1]. " +
            "Expansions needs one number for each of the 2 stages of Depths, has 3. Expansions must be positive, are [2, 0, 2]. " +
            "Kernel must be odd and positive on each axis, is 4; nearest: 5. EncoderKernel is (3, 3), 2 axes; the network has 3.");
    }

    private static string Numbers(MedNeXtOptions options) => $"{options.Depths} {options.Expansions}";
}
