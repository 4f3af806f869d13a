using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

/// <summary>Gradients of several batches in one step: those of the larger batch, in the memory of the smaller.</summary>
public sealed class AccumulationTests : FileTests
{
    private static readonly UNetOptions Network = UNetOptions.Milesial(1, 2) with { Widths = [4, 8], Norm = Normalization.Instance };

    private static readonly TrainerOptions Three = new() { Epochs = 2, StepsPerEpoch = 3, AccumulateBatches = 3, ClipNorm = 0.5 };

    private static UNet Fresh()
    {
        using var random = manual_seed(3);
        return new UNet(Network);
    }

    private static (Dictionary<string, Tensor> Weights, Reports Reports, TrainingResult Result) Run(IBatchSource source, TrainerOptions options, ScalarType type = ScalarType.Float32, GradientScaler? scaler = null)
    {
        using var model = Fresh();
        var reports = new Reports();
        model.to(type);
        var result = new Trainer(model, source, new DiceCELoss(), it => optim.SGD(it, 0.1, momentum: 0.9), options) { Scaler = scaler }.Run(reports);
        return (model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone()), reports, result);
    }

    [Fact]
    public void It_is_the_larger_batch_to_rounding()
    {
        // In double precision nothing but the order of additions is left.
        var (small, reports, result) = Run(new Double(new Squares()), Three, ScalarType.Float64);
        var (large, expected, _) = Run(new Double(new Joined(new Squares(), 3)), Three with { AccumulateBatches = 1 }, ScalarType.Float64);

        result.Steps.Should().Be(6);
        foreach (var (name, tensor) in large) TensorAssert.Close(small[name], tensor, 1e-10, name);
        foreach (var (one, other) in reports.Steps.Zip(expected.Steps)) one.Loss.Should().BeApproximately(other.Loss, 1e-12);
    }

    [Theory]
    [InlineData(Precision.BFloat16, null)]
    [InlineData(Precision.BFloat16, 1024.0)]
    [InlineData(Precision.Float32, 1024.0)]
    public void In_mixed_precision_gradients_add_up_in_float32(Precision precision, double? scale)
    {
        // The same small gradient twelve times: summed in bfloat16 it would stop growing long before.
        var options = Three with { Epochs = 1, StepsPerEpoch = 1, Precision = precision, ClipNorm = null };
        var source = new Same(new Squares().Batch(0));
        var (once, _, _) = Run(source, options with { AccumulateBatches = 1 }, scaler: Scaler());
        var (often, _, _) = Run(source, options with { AccumulateBatches = 300 }, scaler: Scaler());
        using var fresh = Fresh();
        var before = fresh.state_dict();
        foreach (var (name, tensor) in once)
        {
            var (moved, expected) = ((often[name] - before[name]).norm().ToDouble(), (tensor - before[name]).norm().ToDouble());
            moved.Should().BeInRange(0.97 * expected, 1.03 * expected, name);
        }

        GradientScaler? Scaler() => scale is { } first ? new GradientScaler(first) : null;
    }

    [Fact]
    public void An_interrupted_training_goes_on_with_the_batches_that_it_would_have_seen()
    {
        var (whole, _, _) = Run(new Squares(), Three);
        var options = Three with { Folder = folder.File("run") };
        using var stop = new CancellationTokenSource();
        using var first = Fresh();
        new Trainer(first, new Squares(), new DiceCELoss(), it => optim.SGD(it, 0.1, momentum: 0.9), options)
            .Invoking(it => it.Run(new Reports(at => { if (at.Step == 2) stop.Cancel(); }), stop.Token)).Should().Throw<OperationCanceledException>();
        var (resumed, _, _) = Run(new Squares(), options with { Resume = true });
        foreach (var (name, tensor) in whole) TensorAssert.Equal(resumed[name], tensor, name);
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    [InlineData(Precision.Half)]
    public void A_training_leaves_nothing_alive_nor_does_moving_its_network(Precision precision)
    {
        foreach (var options in new SegmentationModelOptions[] { Network, Network with { Norm = Normalization.Batch }, new MedNeXtOptions { InChannels = 1, OutChannels = 2, Channels = 2, SpatialDims = SpatialDims.Two, Depths = [1, 1, 1, 1, 1], Expansions = [2, 2, 2, 2, 2] } })
        {
            using var model = options.Build();
            // Gradients of the user's own are there when the training begins.
            using (NewDisposeScope()) model.call(new Squares(32).Batch(0).Images).Logits.mean().backward();
            var run = () => new Trainer(model, new Squares(32), new DiceLoss(), it => optim.AdamW(it, 0.01), new TrainerOptions { Epochs = 1, StepsPerEpoch = 2, AccumulateBatches = 2, Precision = precision }).Run();
            NoLeaks.During(() => run()).Should().BeLessThanOrEqualTo(0, "the gradients that were there are gone");
            for (var round = 0; round < 3; round++) NoLeaks.During(() => run()).Should().Be(0);
            NoLeaks.During(() => model.to(ScalarType.Float64)).Should().Be(0);
            model.to(ScalarType.Float32);
        }
    }

    [Fact]
    public void The_number_of_batches_is_checked()
    {
        using var model = Fresh();
        new Trainer(model, new Squares(), new DiceLoss(), it => optim.SGD(it, 0.1), Three with { AccumulateBatches = 0 }).Invoking(it => it.Run()).Should().Throw<ArgumentException>().WithMessage("TrainerOptions: AccumulateBatches must be 1 or more, is 0.");
        new Trainer(model, new Squares(), new DiceLoss(), it => optim.SGD(it, 0.1), Three with { AccumulateBatches = long.MaxValue / 4 }).Invoking(it => it.Run()).Should().Throw<ArgumentException>().WithMessage("TrainerOptions: 2 Epochs of 3 steps of * batches are too many to count.");
    }

    private sealed class Joined(IBatchSource from, int count) : IBatchSource
    {
        public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default)
        {
            foreach (var batches in from.From(step * count, cancellation).Chunk(count))
                yield return new(cat([.. batches.Select(batch => batch.Images)]), cat([.. batches.Select(batch => batch.Labels)]));
        }
    }

    private sealed class Double(IBatchSource from) : IBatchSource
    {
        public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default) => from.From(step, cancellation).Select(batch => new TrainingBatch(batch.Images.to(ScalarType.Float64), batch.Labels));
    }

    private sealed class Same(TrainingBatch batch) : IBatchSource
    {
        public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default)
        {
            while (true) yield return new(batch.Images.clone(), batch.Labels.clone());
        }
    }
}
