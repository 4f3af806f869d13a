namespace UNetFamily.Tests.Inference;

/// <summary>A plan gives what its network gives, whatever was chosen, and leaves the network alone.</summary>
public sealed class InferencePlanTests
{
    // Its 3x3 convolutions have channels in multiples of 16, so Winograd's filtering can be chosen.
    private static readonly UNetOptions Wide = new() { InChannels = 1, OutChannels = 3, Widths = [16, 32, 48] };

    public static TheoryData<string, MemoryLayout> Variants()
    {
        var data = new TheoryData<string, MemoryLayout>();
        foreach (var variant in ModelCatalog.Variants) data.Add(variant.Name, MemoryLayout.ChannelsLast);
        // One of each kind and rank, where little but the folding is left to prove.
        foreach (var alike in ModelCatalog.Variants.GroupBy(variant => (variant.Options.GetType(), variant.Options.SpatialDims))) data.Add(alike.First().Name, MemoryLayout.Contiguous);
        return data;
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_plan_of_either_layout_gives_the_logits_of_the_network(string name, MemoryLayout preferred)
    {
        using var scope = NewDisposeScope();
        using var model = Trained(SmallVariants.Of(name));
        model.to(ScalarType.Float64);
        var input = rand([2, model.Options.InChannels, .. SmallVariants.Size(model)], ScalarType.Float64);
        var before = input.clone();
        var expected = Logits(model, input);
        using var plan = InferencePlan.Of(model, input.shape, Preferring(preferred));

        // The same sums in another order, through norms over few numbers.
        TensorAssert.Close(plan.Run(input), expected, 1e-8 * expected.abs().max().ToDouble(), name);
        TensorAssert.Equal(input, before, "the input");
        plan.Steps.Should().Contain(step => step.Layout == preferred && step.Name != nameof(ChangeLayout));
    }

    public static TheoryData<string> Kinds() => [.. ModelCatalog.Variants.GroupBy(variant => (variant.Options.GetType(), variant.Options.SpatialDims)).Select(alike => alike.First().Name)];

    /// <summary>Maps lie where others lay before, in this run and in the last.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Kernels_and_the_places_of_maps_give_the_logits_of_the_network(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Trained(SmallVariants.Of(name));
        long[] shape = [2, model.Options.InChannels, .. SmallVariants.Size(model)];
        var (input, other) = (rand(shape), rand(shape));
        var expected = Logits(model, input);
        using var plan = InferencePlan.Of(model, shape, (way, _, layout) => (layout is MemoryLayout.ChannelsLast ? 0 : 100) + (way.Kernel.Length > 0 ? 1 : 2));

        var first = plan.Run(input);
        TensorAssert.Close(first, expected, 1e-4 * expected.abs().max().ToDouble(), name);
        plan.Run(other);
        TensorAssert.Equal(plan.Run(input), first, name);
    }

    public static TheoryData<SegmentationModelOptions, long[], int> Bottlenecks() => new()
    {
        { new MedNeXtOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Channels = 16 }, [1, 1, 32, 32, 32], 26 },
        { new ConvUNeXtOptions { InChannels = 3, OutChannels = 2, Widths = [16, 32, 48], Depths = [1, 2, 1] }, [2, 3, 64, 64], 6 },
    };

    /// <summary>Expansion, GELU and compression are one operation, and the batch norms before and behind are in their weights.</summary>
    [Theory]
    [MemberData(nameof(Bottlenecks))]
    public void Bottlenecks_are_computed_as_one(SegmentationModelOptions options, long[] shape, int blocks)
    {
        if (!System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated) return;
        using var scope = NewDisposeScope();
        using var model = Trained(options);
        var input = rand(shape);
        using var plan = InferencePlan.Of(model, shape, Preferring(MemoryLayout.ChannelsLast));

        plan.Steps.Count(step => step.Name.Contains("Convolve + Activate + Convolve")).Should().Be(blocks);
        plan.Steps.Should().NotContain(step => step.Path.EndsWith("norm1") || step.Path.EndsWith("norm2"));
        var logits = plan.Run(input);
        model.to(ScalarType.Float64);
        var exact = Logits(model, input.to(ScalarType.Float64));
        TensorAssert.Close(logits, exact, 1e-4 * exact.abs().max().ToDouble());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Filtering_stays_within_rounding(int threads)
    {
        using var scope = NewDisposeScope();
        using var model = Trained(Wide);
        var input = rand(2, 1, 64, 96);
        var before = get_num_threads();
        set_num_threads(threads);
        try
        {
            using var plan = InferencePlan.Of(model, input.shape, (way, _, layout) => way.Kernel == nameof(WinogradConvolve) ? 1 : layout is MemoryLayout.ChannelsLast ? 2 : 100);
            plan.Steps.Count(step => step.Name.Contains(nameof(WinogradConvolve))).Should().Be(9, "every convolution of 3 x 3 but the one that takes the image's channel");
            var logits = plan.Run(input);
            model.to(ScalarType.Float64);
            var exact = Logits(model, input.to(ScalarType.Float64));
            TensorAssert.Close(logits, exact, 1e-4 * exact.abs().max().ToDouble());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void A_measured_plan_can_be_listed_and_is_made_the_same_again()
    {
        using var scope = NewDisposeScope();
        using var model = Trained(Wide);
        using var first = model.ForInference(32, 32);
        using var second = model.ForInference(32, 32);

        second.Steps.Should().Equal(first.Steps, "what was measured is remembered");
        first.Steps.Should().NotContain(step => step.Name == "NormalizeMap", "batch norms are folded");
        first.Steps.Should().Contain(step => step.Milliseconds > 0);
        first.ToString().Split('\n').Should().HaveCount(first.Steps.Count);
        var input = rand(1, 1, 32, 32);
        TensorAssert.Equal(first.Run(input), second.Run(input));
    }

    [Fact]
    public void What_is_not_needed_is_left_out()
    {
        using var model = Trained(ModelCatalog.Find("nnunet-3d").Options is PlainConvUNetOptions options ? options with { FeaturesPerStage = [4, 8, 8, 8, 8, 8], DeepSupervision = true } : throw new InvalidOperationException());
        using var plan = InferencePlan.Of(model, [1, 1, 64, 64, 64], Preferring(MemoryLayout.Contiguous));

        model.Describe(64, 64, 64).Outputs.Should().HaveCountGreaterThan(1);
        plan.Steps.Should().HaveCount(model.Describe(64, 64, 64).Operations.Count - (model.Describe(64, 64, 64).Outputs.Count - 1), "each other output is a convolution");
    }

    [Fact]
    public void A_plan_keeps_the_weights_that_it_was_made_of_and_the_modes_of_the_network()
    {
        using var scope = NewDisposeScope();
        using var model = Trained(Wide);
        model.train();
        var weights = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        using var plan = model.ForInference(32, 32);
        using var logits = plan.Run(rand(1, 1, 32, 32));

        model.modules().Should().OnlyContain(module => module.training);
        logits.requires_grad.Should().BeFalse();
        foreach (var (key, value) in model.state_dict()) TensorAssert.Equal(value, weights[key], key);
    }

    [Fact]
    public void A_run_leaves_exactly_its_logits()
    {
        using var model = Trained(Wide);
        using var input = rand(1, 1, 32, 32);
        Tensor? logits = null;
        NoLeaks.During(() =>
        {
            using var plan = InferencePlan.Of(model, [1, 1, 32, 32], Preferring(MemoryLayout.ChannelsLast));
            plan.Run(input).Dispose();
        }).Should().Be(0, "a plan frees all that it made");
        using var kept = model.ForInference(32, 32);
        NoLeaks.During(() => logits = kept.Run(input)).Should().Be(1);
        logits!.Dispose();
    }

    [Fact]
    public async Task Threads_share_a_plan()
    {
        using var model = Trained(Wide);
        using var plan = model.ForInference(32, 32);
        var inputs = Enumerable.Range(0, 8).Select(_ => rand(1, 1, 32, 32)).ToArray();
        var expected = inputs.Select(plan.Run).ToArray();

        var together = await Task.WhenAll(inputs.Select(input => Task.Run(() => plan.Run(input))));

        foreach (var (logits, alone) in together.Zip(expected)) TensorAssert.Equal(logits, alone);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var scope = NewDisposeScope();
        var model = Trained(Wide);
        var plan = model.ForInference([32, 32], batch: 2);

        FluentActions.Invoking(() => plan.Run(rand(1, 1, 32, 32))).Should().Throw<ArgumentException>().WithMessage("The plan is for batches of (2, 1, 32, 32); input is (1, 1, 32, 32).*").WithParameterName("input");
        FluentActions.Invoking(() => plan.Run(rand([2, 1, 32, 32], ScalarType.Float64))).Should().Throw<ArgumentException>().WithMessage("The plan is for Float32 on cpu; input is Float64*").WithParameterName("input");
        FluentActions.Invoking(() => model.ForInference(32)).Should().Throw<ArgumentException>().WithMessage("*2 sides*");
        FluentActions.Invoking(() => model.ForInference([32, 32], batch: 0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("batch");
        plan.Dispose();
        FluentActions.Invoking(() => plan.Run(rand(2, 1, 32, 32))).Should().Throw<ObjectDisposedException>();
        model.Dispose();
        FluentActions.Invoking(() => model.ForInference(32, 32)).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void A_window_goes_through_a_plan_where_there_are_many()
    {
        using var scope = NewDisposeScope();
        using var model = Trained(Wide);
        var image = rand(1, 100, 100);
        var planned = new SlidingWindow { RoiSize = 32, Overlap = [0.5], SwBatchSize = 2 };

        var logits = planned.Logits(model, image);

        TensorAssert.Close(logits, (planned with { UsePlan = false }).Logits(model, image), 1e-4 * logits.abs().max().ToDouble());
        logits.Equals((planned with { UsePlan = false }).Logits(model, image)).Should().BeFalse("folded norms round otherwise");
    }

    [Fact]
    public void Hooks_are_not_left_out()
    {
        using var scope = NewDisposeScope();
        using var model = Trained(Wide);
        var calls = 0;
        var convolution = model.modules().OfType<TorchSharp.Modules.Conv2d>().First();
        convolution.register_forward_hook((_, _, output) =>
        {
            calls++;
            return output;
        });

        new SlidingWindow { RoiSize = 32, Overlap = [0.5] }.Labels(model, rand(1, 100, 100));

        calls.Should().BeGreaterThan(16, "each window fires it");
    }

    /// <summary>A network with statistics, scales and shifts as of a trained one.</summary>
    private static SegmentationModel Trained(SegmentationModelOptions options)
    {
        manual_seed(1);
        var model = options.Build();
        using var noGradient = no_grad();
        foreach (var (name, buffer) in model.named_buffers())
        {
            if (name.EndsWith("running_mean", StringComparison.Ordinal)) buffer.uniform_(-0.5, 0.5);
            if (name.EndsWith("running_var", StringComparison.Ordinal)) buffer.uniform_(0.5, 2);
        }
        foreach (var norm in model.modules().OfType<TorchSharp.Modules.NormBase>().Where(norm => norm.affine))
        {
            norm.weight!.uniform_(0.5, 1.5);
            norm.bias!.uniform_(-0.5, 0.5);
        }
        model.eval();
        return model;
    }

    private static Tensor Logits(SegmentationModel model, Tensor input)
    {
        using var noGradient = no_grad();
        return model.call(input).Logits;
    }

    private static Func<Way, long[][], MemoryLayout, double> Preferring(MemoryLayout preferred) => (way, _, layout) => way.Operation is ChangeLayout ? 0.01 : layout == preferred ? 1 : 2;
}
