namespace ConsumerTests;

/// <summary>What should hold for any network that somebody composes; it takes seconds.</summary>
public sealed class SqueezedUNetTests
{
    private static readonly SqueezedUNetOptions Images = new() { InChannels = 3, OutChannels = 4 };
    private static readonly SqueezedUNetOptions Volumes = new() { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8] };

    [Fact]
    public void Images_give_a_logit_for_each_class_of_each_pixel()
    {
        using var model = Images.Build();
        using var image = rand(2, 3, 32, 48);
        using var output = model.call(image);
        output.Logits.shape.Should().Equal(2, 4, 32, 48);
        output.Auxiliary.Should().BeEmpty();
    }

    [Fact]
    public void Volumes_give_a_logit_for_each_class_of_each_voxel()
    {
        using var model = Volumes.Build();
        using var volume = rand([1, 1, 8, 12, 16]);
        using var output = model.call(volume);
        output.Logits.shape.Should().Equal(1, 3, 8, 12, 16);
    }

    [Fact]
    public void A_size_that_does_not_fit_is_refused_with_the_nearest_that_does()
    {
        using var model = Images.Build();
        using var image = rand(1, 3, 32, 50);
        model.Invoking(it => it.call(image)).Should().Throw<ArgumentException>().WithMessage("*50*48*");
    }

    [Fact]
    public void Options_that_make_no_network_are_refused_all_at_once()
    {
        var wrong = Images with { Widths = [8], Reduction = 0 };
        wrong.Invoking(it => it.Build()).Should().Throw<ArgumentException>().WithMessage("*Widths*").WithMessage("*Reduction*");
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Parameters_are_those_of_the_formula(SpatialDims dims)
    {
        var options = Images with { SpatialDims = dims };
        using var model = options.Build();

        // A convolution in front of an instance norm has no bias; the norm has a weight and a bias for each channel.
        long Pair(long from, long to, long taps) => taps * from * to + 2 * to + taps * to * to + 2 * to;
        long Weigh(long channels) => channels * (channels / 4) + channels / 4 + channels / 4 * channels + channels;
        long Rise(long below, long skip, long taps, long corners) => corners * below * skip + skip + Pair(2 * skip, skip, taps);
        var (threes, twos) = dims is SpatialDims.Two ? (9, 4) : (27, 8);
        var encoder = Pair(3, 8, threes) + Weigh(8) + Pair(8, 16, threes) + Weigh(16) + Pair(16, 32, threes) + Weigh(32);
        var decoder = Rise(32, 16, threes, twos) + Rise(16, 8, threes, twos);
        var head = 8 * 4 + 4;

        model.parameters().Sum(parameter => parameter.numel()).Should().Be(encoder + decoder + head);
        long[] size = dims is SpatialDims.Two ? [32, 32] : [16, 16, 16];
        model.Summary(size).Parameters.Should().Be(encoder + decoder + head);
    }

    [Fact]
    public void A_call_leaves_its_output_alive_and_nothing_else()
    {
        using var model = Images.Build();
        using var image = rand(1, 3, 32, 32);
        var before = Alive();
        using (var output = model.call(image)) Alive().Should().Be(before + 1);
        Alive().Should().Be(before);
    }

    [Fact]
    public void A_network_takes_its_weights_with_it()
    {
        var before = Alive();
        using (var model = Volumes.Build()) Alive().Should().Be(before + model.state_dict().Count);
        Alive().Should().Be(before);
    }

    [Fact]
    public void Saved_weights_come_back_bit_for_bit()
    {
        var folder = Directory.CreateTempSubdirectory("squeezed-unet-");
        try
        {
            var file = Path.Combine(folder.FullName, "squeezed.safetensors");
            using var image = rand(1, 3, 32, 32);
            using var saved = Images.Build();
            using var loaded = Images.Build();
            saved.Save(file, new Dictionary<string, string> { ["classes"] = "background, liver, spleen, kidney" });
            loaded.Load(file).IsComplete.Should().BeTrue();

            using var expected = saved.call(image);
            using var actual = loaded.call(image);
            actual.Logits.data<float>().ToArray().Should().Equal(expected.Logits.data<float>().ToArray());
            using var checkpoint = Checkpoint.Open(file);
            checkpoint.Metadata["classes"].Should().StartWith("background");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void One_batch_can_be_learned_by_heart(SpatialDims dims)
    {
        using var random = manual_seed(1);
        using var masks = Discs(dims);
        using var images = Noisy(masks);
        using var model = new SqueezedUNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = dims, Widths = [8, 16] }.Build();
        using var optimizer = optim.AdamW(model.parameters(), lr: 0.01);
        var loss = new DiceCELoss();

        var last = double.PositiveInfinity;
        for (var step = 0; step < 120; step++)
        {
            using var scope = NewDisposeScope();
            using var output = model.call(images);
            var value = loss.Of(output.Logits, masks);
            optimizer.zero_grad();
            value.backward();
            optimizer.step();
            last = value.ToDouble();
        }

        last.Should().BeLessThan(0.1);
        var metrics = new SegmentationMetrics(new MetricOptions { Classes = ["background", "disc", "ring"], EmptyClass = EmptyClass.Skip, MissingSurface = MissingSurface.ImageDiagonal });
        var sliding = new SlidingWindow();
        using var labels = sliding.Labels(model, images);
        for (var i = 0; i < masks.shape[0]; i++)
        {
            using var predicted = labels[i];
            using var truth = masks[i];
            metrics.Add($"sample {i}", predicted, truth);
        }
        metrics.Report().Mean.Dice.Should().BeGreaterThan(0.97);
    }

    /// <summary>(2, …): the classes of a disc in a ring, or of a ball in a shell, once and once moved by a place.</summary>
    private static Tensor Discs(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        var axes = (int)dims;
        var squares = Enumerable.Range(0, axes).Select(axis => (arange(16) - 7.5).square().reshape([.. Enumerable.Range(0, axes).Select(i => i == axis ? 16L : 1)]));
        var distance = squares.Aggregate((sum, square) => sum + square).sqrt();
        var disc = 2 * (distance < 6).to(int64) - (distance < 3.5).to(int64);
        return stack([disc, disc.roll(1, axes - 1)]).MoveToOuterDisposeScope();
    }

    /// <summary>(2, 1, …): grey values by class, with noise.</summary>
    private static Tensor Noisy(Tensor masks)
    {
        using var scope = NewDisposeScope();
        var grey = masks.to(float32).unsqueeze(1) / 2;
        return (grey + 0.1 * randn_like(grey)).MoveToOuterDisposeScope();
    }

    private static long Alive() => DisposeScopeManager.Statistics.ThreadTotalLiveCount;
}
