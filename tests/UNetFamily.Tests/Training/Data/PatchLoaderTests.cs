namespace UNetFamily.Tests.Training.Data;

public class PatchLoaderTests
{
    private static readonly TrainingCase[] Volumes = [Patches.Case("a", 2, 14, 20, 18), Patches.Case("bb", 2, 9, 30, 12)];
    private static readonly TrainingCase[] Images = [Patches.Case("a", 1, 40, 30), Patches.Case("bb", 1, 20, 50)];

    private static PatchLoaderOptions Options { get; } = new()
    {
        PatchSize = (12, 10, 16),
        BatchSize = 3,
        Augmentation = Patches.Always(Augmentation.NnUNet(SpatialDims.Three, (12, 10, 16))),
        Seed = 5,
    };

    [Fact]
    public void Batches_have_the_promised_form()
    {
        using var scope = NewDisposeScope();
        foreach (var (cases, options) in ((TrainingCase[], PatchLoaderOptions)[])[(Volumes, Options), (Images, FlatOptions(1))])
        {
            var batch = new PatchLoader(cases, options).Batches(1).Single();
            long[] size = options.PatchSize.Along(cases[0].SpatialDims);
            batch.Images.shape.Should().Equal([3, cases[0].Channels, .. size]);
            batch.Labels.shape.Should().Equal([3, .. size]);
            (batch.Images.dtype, batch.Labels.dtype).Should().Be((ScalarType.Float32, ScalarType.Int64));
            batch.Images.isfinite().all().ToBoolean().Should().BeTrue();
            batch.Labels.lt(4).logical_and(batch.Labels.ge(0)).all().ToBoolean().Should().BeTrue();
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 7)]
    public void Batches_depend_on_seed_and_number_alone(int workers, int prefetch)
    {
        using var scope = NewDisposeScope();
        var expected = new PatchLoader(Volumes, Options).Batches(6);
        Same(new PatchLoader(Volumes, Options with { Workers = workers, Prefetch = prefetch }).Batches(6), expected);
        Same(new PatchLoader(Volumes, Options with { Workers = workers, Prefetch = prefetch }).Batches(3, from: 3), expected[3..]);
        expected.Select(batch => batch.Images.sum().ToDouble()).Should().OnlyHaveUniqueItems();
        new PatchLoader(Volumes, Options with { Seed = 6 }).Batches(1)[0].Images.Equals(expected[0].Images).Should().BeFalse();

        static void Same(TrainingBatch[] actual, TrainingBatch[] expected)
        {
            foreach (var (one, other) in actual.Zip(expected))
            {
                TensorAssert.Equal(one.Images, other.Images);
                TensorAssert.Equal(one.Labels, other.Labels);
            }
        }
    }

    [Fact]
    public void With_probabilities_of_zero_patches_are_plain_crops()
    {
        using var scope = NewDisposeScope();
        var recipe = Augmentation.NnUNet(SpatialDims.Three, Options.PatchSize);
        var never = recipe with
        {
            Affine = recipe.Affine! with { RotationProbability = 0, ScaleProbability = 0 },
            Steps = [.. recipe.Steps.Select(step => step with { Probability = 0 })],
        };
        var plain = new PatchLoader(Volumes, Options with { Augmentation = Augmentation.None }).Batches(4);
        foreach (var (one, other) in new PatchLoader(Volumes, Options with { Augmentation = never }).Batches(4).Zip(plain))
        {
            TensorAssert.Equal(one.Images, other.Images);
            TensorAssert.Equal(one.Labels, other.Labels);
        }
    }

    [Theory]
    [InlineData(1, 0.33, 0)]
    [InlineData(1, 1.0, 1)]
    [InlineData(2, 0.33, 1)]
    [InlineData(3, 0.33, 1)]
    [InlineData(8, 0.33, 3)]
    [InlineData(50, 0.33, 16)]
    [InlineData(5, 0.0, 0)]
    public void As_many_patches_are_forced_as_in_nnUNet(int batchSize, double part, int forced) =>
        (Options with { BatchSize = batchSize, OversampleForegroundPercent = part }).Forced.Should().Be(forced);

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void A_forced_patch_holds_foreground_however_it_is_turned(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        long[] size = dims is SpatialDims.Two ? [60, 70] : [30, 40, 50];
        foreach (var corner in (bool[])[false, true])
        {
            var labels = zeros(size, ScalarType.Int64);
            labels.flatten()[corner ? 0 : -1] = 1;          // one voxel, in the first or the last corner
            var lonely = new TrainingCase("lonely", randn([1, .. size]), labels, classes: 2);
            Extent patch = dims is SpatialDims.Two ? (20, 24) : (8, 12, 10);
            var turned = Patches.Always(Augmentation.NnUNet(dims, patch));
            var loader = new PatchLoader([lonely], Options with { PatchSize = patch, BatchSize = 4, OversampleForegroundPercent = 0.5, Augmentation = turned });
            foreach (var batch in loader.Batches(25))
            {
                var found = batch.Labels.flatten(1).eq(1).any(1).data<bool>().ToArray();
                found[2..].Should().Equal(true, true);
                batch.Dispose();
            }
        }
    }

    [Fact]
    public void Classes_of_forced_patches_are_drawn_evenly_and_cases_too()
    {
        using var scope = NewDisposeScope();
        var labels = zeros([1, 40, 40], ScalarType.Int64);
        labels[0, TensorIndex.Slice(10)] = 1;
        labels[0, 5, 5] = 2;
        var uneven = new TrainingCase("uneven", zeros(1, 40, 40), labels[0], classes: 3);
        var empty = new TrainingCase("empty", ones(1, 40, 40), zeros_like(labels[0]), classes: 3);
        var loader = new PatchLoader([uneven, empty], new() { PatchSize = 3, BatchSize = 800, OversampleForegroundPercent = 1 });
        using var batch = loader.Batches(1)[0];
        var centres = batch.Labels.select(1, 1).select(1, 1).data<long>().ToArray();
        var fromEmpty = batch.Images.flatten(1).mean([1]).data<float>().ToArray();
        fromEmpty.Count(value => value == 1).Should().BeInRange(340, 460);
        centres.Count(label => label == 1).Should().BeInRange(150, 250);
        centres.Count(label => label == 2).Should().BeInRange(150, 250);
    }

    [Fact]
    public void A_patch_larger_than_the_case_is_padded()
    {
        using var scope = NewDisposeScope();
        var small = new TrainingCase("small", ones(1, 4, 4), ones([4, 4], ScalarType.Int64), classes: 2);
        using var batch = new PatchLoader([small], new() { PatchSize = 8, BatchSize = 1, PaddingValue = -3, PaddingLabel = 255, OversampleForegroundPercent = 0 }).Batches(1)[0];
        var inner = functional.pad(ones(4, 4), [2, 2, 2, 2], value: 0).gt(0);
        TensorAssert.Equal(batch.Images[0, 0], where(inner, tensor(1f), tensor(-3f)));
        TensorAssert.Equal(batch.Labels[0], where(inner, tensor(1L), tensor(255L)));
    }

    [Fact]
    public void Nothing_is_left_alive_when_batches_are_disposed_or_the_loop_is_left()
    {
        var before = Tensor.TotalCount;
        NoLeaks.During(() =>
        {
            foreach (var batch in new PatchLoader(Volumes, Options with { Device = CPU }).From(0).Take(3)) batch.Dispose();
        }).Should().Be(0);
        NoLeaks.During(() =>
        {
            foreach (var batch in new PatchLoader(Volumes, Options with { Prefetch = 6, Workers = 3 }).From(0))
            {
                batch.Dispose();
                break;
            }
        }).Should().Be(0);
        Tensor.TotalCount.Should().Be(before, "threads make no tensors");
    }

    [CudaFact]
    public void Batches_on_a_GPU_are_those_on_the_CPU()
    {
        using var scope = NewDisposeScope();
        var there = new PatchLoader(Volumes, Options with { Device = CUDA }).Batches(2)[1];
        var here = new PatchLoader(Volumes, Options).Batches(2)[1];
        there.Images.device_type.Should().Be(DeviceType.CUDA);
        TensorAssert.Equal(there.Images.cpu(), here.Images);
        TensorAssert.Equal(there.Labels.cpu(), here.Labels);
    }

    [Fact]
    public void No_more_is_prepared_than_was_asked_for_and_nothing_after_the_end()
    {
        var counter = new Counting(new());
        var options = Options with { BatchSize = 1, Prefetch = 2, Workers = 2, Augmentation = new() { Steps = [counter] } };
        using (var batches = new PatchLoader(Volumes, options).From(0).GetEnumerator())
        {
            counter.Calls.Should().Be(0, "nothing starts before the first batch is asked for");
            for (var taken = 1; taken <= 3; taken++)
            {
                batches.MoveNext().Should().BeTrue();
                batches.Current.Dispose();
                SpinWait.SpinUntil(() => counter.Calls == taken + 2, TimeSpan.FromSeconds(20)).Should().BeTrue("two batches are made ahead");
                Thread.Sleep(20);
                counter.Calls.Should().Be(taken + 2);
            }
        }

        Thread.Sleep(20);
        counter.Calls.Should().Be(5);
    }

    [Fact]
    public void What_goes_wrong_on_a_thread_surfaces_with_the_name_of_the_case_after_the_batches_before_it()
    {
        using var scope = NewDisposeScope();
        var good = new TrainingCase("good", zeros(1, 9, 9), zeros([9, 9], ScalarType.Int64), classes: 2);
        var bad = new TrainingCase("bad one", ones(1, 9, 9), zeros([9, 9], ScalarType.Int64), classes: 2);
        var options = new PatchLoaderOptions { PatchSize = 4, BatchSize = 2, Workers = 3 };
        TrainingCase[] cases = [good, good, good, good, good, good, good, bad];
        var sources = new PatchLoader(cases, options).From(0).TakeWhile(batch => batch.Images.max().ToDouble() == 0).Count();
        sources.Should().BeGreaterThan(0, "otherwise this test shows less than it says");
        var sample = new PatchLoader(cases, options).Batches(1, sources)[0].Images[0].max().ToDouble() > 0 ? 0 : 1;

        using var batches = new PatchLoader(cases, options with { Augmentation = new() { Steps = [new Failing()] } }).From(0).GetEnumerator();
        for (var i = 0; i < sources; i++) batches.MoveNext().Should().BeTrue();
        FluentActions.Invoking(batches.MoveNext).Should().Throw<InvalidOperationException>()
            .WithMessage($"Case 'bad one', patch {sample} of batch {sources}: This patch is too bright.").WithInnerException<NotSupportedException>();
    }

    [Fact]
    public void Cancelling_ends_the_enumeration()
    {
        using var scope = NewDisposeScope();
        using var source = new CancellationTokenSource();
        using var batches = new PatchLoader(Volumes, Options).From(0, source.Token).GetEnumerator();
        batches.MoveNext().Should().BeTrue();
        source.Cancel();
        FluentActions.Invoking(batches.MoveNext).Should().Throw<OperationCanceledException>();

        // While the step waits for a batch as well.
        using var gate = new ManualResetEventSlim();
        using var later = new CancellationTokenSource();
        using var slow = new PatchLoader(Volumes, Options with { Augmentation = new() { Steps = [new Waiting(gate)] } }).From(0, later.Token).GetEnumerator();
        later.CancelAfter(50);
        later.Token.Register(() => Task.Delay(200).ContinueWith(_ => gate.Set(), TaskScheduler.Default));
        FluentActions.Invoking(slow.MoveNext).Should().Throw<OperationCanceledException>();
    }

    [Fact]
    public void Wrong_arguments_are_explained()
    {
        Refused([], Options, "There must be one case or more, there is none.*");
        Refused([Volumes[0], Images[1]], Options with { PatchSize = 4 }, "Cases must be alike; 'a' has 3 axes, 2 channels and 4 classes, 'bb' has 2 axes, 1 channels and 4 classes.*");
        Refused(Volumes, new()
        {
            PatchSize = (4, 0),
            BatchSize = 0,
            OversampleForegroundPercent = 1.5,
            PaddingValue = float.NaN,
            PaddingLabel = 256,
            Workers = 0,
            Prefetch = 0,
            Augmentation = new()
            {
                Affine = new() { RotationProbability = 2, ScaleProbability = -1, Degrees = (3, 2), Scale = (0, 1) },
                Steps =
                [
                    new RandomNoise { Probability = 2, Deviation = (-1, 0) },
                    new RandomBlur { ChannelProbability = double.NaN, Sigma = (0, 1) },
                    new RandomBrightness { Factor = (2, 1) },
                    new RandomContrast { Factor = (0, 1) },
                    new RandomLowResolution { Zoom = (0.5, 2) },
                    new RandomGamma { Gamma = (-1, 1) },
                    new RandomMirror { Axes = [0, 3], AxisProbability = 3 },
                ],
            },
        }, "PatchLoaderOptions: PatchSize must be positive, with 1 or 3 axes; it is (4, 0). BatchSize must be 1 or more, is 0. "
            + "OversampleForegroundPercent must be 0 to 1, is 1.5. PaddingValue must be finite, is NaN. PaddingLabel must be 0 to 255, is 256. "
            + "Workers must be 1 or more, is 0. Prefetch must be 1 or more, is 0. Affine: RotationProbability must be 0 to 1, is 2. "
            + "Affine: ScaleProbability must be 0 to 1, is -1. Affine: Degrees must be a range, is (3, 2). Affine: Scale must be a range from above 0, is (0, 1). "
            + "RandomNoise: Probability must be 0 to 1, is 2. RandomNoise: Deviation must be a range from 0 or more, is (-1, 0). "
            + "RandomBlur: ChannelProbability must be 0 to 1, is NaN. RandomBlur: Sigma must be a range from above 0, is (0, 1). "
            + "RandomBrightness: Factor must be a range from above 0, is (2, 1). RandomContrast: Factor must be a range from above 0, is (0, 1). "
            + "RandomLowResolution: Zoom must be 1 at most, is (0.5, 2). RandomGamma: Gamma must be a range from above 0, is (-1, 1). "
            + "RandomMirror: AxisProbability must be 0 to 1, is 3. RandomMirror: Axes must be 0 to 2, are [0, 3]. (Parameter 'options')");
        Refused(Volumes, Options with { PatchSize = 512, BatchSize = 2 }, "PatchLoaderOptions: A batch of 2 patches of 512 with 2 channels must be below 2 GiB.*");
        FluentActions.Invoking(() => new PatchLoader(Volumes, Options).From(-1)).Should().Throw<ArgumentOutOfRangeException>();

        static void Refused(TrainingCase[] cases, PatchLoaderOptions options, string message) =>
            FluentActions.Invoking(() => new PatchLoader(cases, options)).Should().Throw<ArgumentException>().WithMessage(message);
    }

    private static PatchLoaderOptions FlatOptions(int workers) =>
        Options with { PatchSize = (16, 20), Workers = workers, Augmentation = Patches.Always(Augmentation.NnUNet(SpatialDims.Two, (16, 20))) };

    private sealed record Counting(StrongBox Count) : PatchAugmentation
    {
        public int Calls => Volatile.Read(ref Count.Value);

        protected internal override void Apply(TrainingPatch patch, PatchRandom random) => Interlocked.Increment(ref Count.Value);
    }

    private sealed class StrongBox
    {
        public int Value;
    }

    private sealed record Failing : PatchAugmentation
    {
        protected internal override void Apply(TrainingPatch patch, PatchRandom random)
        {
            if (patch.Channel(0)[0] > 0) throw new NotSupportedException("This patch is too bright.");
        }
    }

    private sealed record Waiting(ManualResetEventSlim Gate) : PatchAugmentation
    {
        protected internal override void Apply(TrainingPatch patch, PatchRandom random) => Gate.Wait();
    }
}
