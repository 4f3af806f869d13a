using System.Text.Json;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

public sealed class TrainerTests : FileTests
{
    private static readonly UNetOptions Network = UNetOptions.Milesial(1, 2) with { Widths = [4, 8, 16], Dropout = 0.3 };
    private static readonly DiceCELoss Loss = new();

    private static readonly TrainerOptions Short = new()
    {
        Epochs = 3,
        StepsPerEpoch = 4,
        Schedule = LearningRateSchedule.Polynomial().WithWarmUp(2),
        AverageDecay = 0.9,
        Patience = 100,
    };

    private static TorchSharp.Modules.AdamW AdamW(IEnumerable<Parameter> parameters) => optim.AdamW(parameters, 0.01, weight_decay: 0.1);

    private static double Accuracy(SegmentationModel model)
    {
        using var scope = NewDisposeScope();
        using var batch = new Squares().Batch(1_000_000);
        return model.call(batch.Images).Logits.argmax(1).eq(batch.Labels).to(ScalarType.Float64).mean().ToDouble();
    }

    private static UNet Fresh()
    {
        using var random = manual_seed(3);
        return new UNet(Network);
    }

    private static Trainer Of(SegmentationModel model, TrainerOptions options, double? scale = null) => new(model, new Squares(), Loss, AdamW, options)
    {
        Validate = Accuracy,
        Scaler = scale is { } first ? new GradientScaler(first, growthInterval: 3) : null,
    };

    [Fact]
    public void A_training_that_can_not_begin_leaves_the_network_as_it_was()
    {
        using var model = Fresh();
        var trainer = new Trainer(model, new Squares(), Loss, _ => throw new InvalidOperationException("no optimizer"), Short with { Precision = Precision.BFloat16 });

        trainer.Invoking(it => it.Run()).Should().Throw<InvalidOperationException>().WithMessage("no optimizer");

        using var fresh = Fresh();
        foreach (var (name, tensor) in fresh.state_dict()) TensorAssert.Equal(model.state_dict()[name], tensor, name);
    }

    [Theory]
    [InlineData(Precision.Float32, 6, null)]        // in the middle of the second epoch
    [InlineData(Precision.Float32, 8, null)]        // at its last step
    [InlineData(Precision.BFloat16, 3, null)]
    [InlineData(Precision.BFloat16, 7, 1e39)]       // some steps overflow before the scale is low enough, then it grows again
    public void Interrupted_and_resumed_equals_uninterrupted(Precision precision, int stopAfter, double? scale)
    {
        var options = Short with { Precision = precision };
        using var whole = Fresh();
        var expectedResult = Of(whole, options with { Folder = folder.File("whole") }, scale).Run();
        expectedResult.SkippedSteps.Should().BeInRange(scale is null ? 0 : 2, scale is null ? 0 : 6);

        using (var first = Fresh())
        {
            using var stop = new CancellationTokenSource();
            var reports = new Reports(at => { if (at.Step == stopAfter) stop.Cancel(); });
            var run = () => Of(first, options with { Folder = folder.File("parts") }, scale).Run(reports, stop.Token);
            run.Should().Throw<OperationCanceledException>();
            reports.Steps.Count.Should().Be(stopAfter);
        }
        using var random = manual_seed(99);                                                         // a new process
        using var resumed = Network.Build();
        var rest = new Reports();
        var result = Of(resumed, options with { Folder = folder.File("parts"), Resume = true }, scale).Run(rest);

        result.Should().Be(expectedResult).And.Match<TrainingResult>(it => it.Steps == 12 && it.Stop == TrainingStop.Finished);
        rest.Steps.Count.Should().Be(12 - stopAfter);
        SameTensors("last.safetensors");
        SameTensors("best.safetensors");
        Position("parts").Should().Be(Position("whole"));
        Log("parts").Should().Equal(Log("whole")).And.HaveCount(4);
        foreach (var (key, tensor) in whole.state_dict()) TensorAssert.Equal(resumed.state_dict()[key], tensor, key);

        void SameTensors(string name)
        {
            using var expected = Checkpoint.Open(folder.File($"whole/{name}"), "");
            using var actual = Checkpoint.Open(folder.File($"parts/{name}"), "");
            actual.Tensors.Select(entry => entry.Name).Should().Equal(expected.Tensors.Select(entry => entry.Name));
            foreach (var entry in expected.Tensors) TensorAssert.Equal(actual.Read(entry.Name), expected.Read(entry.Name), $"{entry.Name} of {name}");
        }

        string Position(string which)
        {
            using var file = Checkpoint.Open(folder.File($"{which}/last.safetensors"), "");
            var position = JsonSerializer.Deserialize<TrainingPosition>(file.Metadata["unetfamily.position"])!;
            return JsonSerializer.Serialize(position with { Notes = position.Notes.Where(note => note.Key != "seconds").ToDictionary() });
        }

        string[] Log(string which) => [.. File.ReadAllLines(folder.File($"{which}/log.csv")).Select(line => line[..line.LastIndexOf(',')])];
    }

    [Fact]
    public void Goes_on_with_the_patches_that_it_would_have_seen()
    {
        var random = new Random(4);
        var (image, labels) = (tensor(Enumerable.Range(0, 40 * 40).Select(_ => random.NextSingle()).ToArray(), [1, 40, 40]), tensor(Enumerable.Range(0, 40 * 40).Select(i => i / 40 > 20 ? 1L : 0).ToArray(), [40, 40]));
        var patches = new PatchLoader([new TrainingCase("one", image, labels, classes: 2)],
            new PatchLoaderOptions { PatchSize = (16, 16), BatchSize = 2, Augmentation = Augmentation.NnUNet(SpatialDims.Two, (16, 16)), Seed = 1 });
        var options = Short with { AverageDecay = null, Epochs = 2 };
        using var whole = Fresh();
        new Trainer(whole, patches, Loss, AdamW, options).Run();

        using var parts = Fresh();
        using var stop = new CancellationTokenSource();
        var first = new Trainer(parts, patches, Loss, AdamW, options with { Folder = folder.File("run") });
        first.Invoking(it => it.Run(new Reports(at => { if (at.Step == 3) stop.Cancel(); }), stop.Token)).Should().Throw<OperationCanceledException>();
        using var resumed = Network.Build();
        new Trainer(resumed, patches, Loss, AdamW, options with { Folder = folder.File("run"), Resume = true }).Run().Steps.Should().Be(8);
        foreach (var (key, tensor) in whole.state_dict()) TensorAssert.Equal(resumed.state_dict()[key], tensor, key);
    }

    [Fact]
    public void Learns_and_says_how_far_it_is()
    {
        using var model = Fresh();
        var reports = new Reports();
        var result = Of(model, Short with { Epochs = 4, StepsPerEpoch = 25, AverageDecay = null, Folder = folder.File("run") }).Run(reports);

        reports.Epochs[^1].Loss.Should().BeLessThan(0.6 * reports.Epochs[0].Loss);
        reports.Epochs[^1].Score.Should().BeGreaterThan(0.9);
        result.BestScore.Should().Be(reports.Epochs.Max(at => at.Score));
        reports.Steps.Select(at => at.Step).Should().Equal(Enumerable.Range(1, 100).Select(step => (long)step));
        reports.Steps.Select(at => at.Epoch).Should().Equal(Enumerable.Range(0, 100).Select(step => (long)(step / 25)));
        reports.Steps.Select(at => at.Seconds).Should().BeInAscendingOrder();
        reports.Epochs[2].Loss.Should().BeApproximately(reports.Steps.Skip(50).Take(25).Average(at => at.Loss), 1e-12);
        for (var step = 0; step < 100; step++)
            reports.Steps[step].LearningRate.Should().BeApproximately(0.01 * (step < 2 ? (step + 1) / 3.0 : Math.Pow(1 - (step - 2) / 98.0, 0.9)), 1e-15);

        using var best = SegmentationModel.FromFile(folder.File("run/best.safetensors"));
        best.eval();
        Accuracy(best).Should().Be(result.BestScore);
        TrainingLog.Read(folder.File("run/log.csv")).Select(at => at with { Seconds = 0 }).Should().Equal(reports.Epochs.Select(at => at with { Seconds = 0 }));
        var events = EventFile.Read(Directory.GetFiles(folder.File("run"), "events.out.tfevents.*").Should().ContainSingle().Which);
        events.SelectMany(at => at.Summary?.Value.Where(value => value.Tag == "loss").Select(value => (at.Step, value.SimpleValue)) ?? []).Should().Equal(reports.Epochs.Select(at => (at.Step, (float)at.Loss)));
    }

    [Fact]
    public void The_final_and_the_best_network_are_the_average_and_the_training_goes_on_from_its_own_weights()
    {
        using var model = Fresh();
        var seen = new List<double>();
        var trainer = new Trainer(model, new Squares(), Loss, AdamW, Short with { Folder = folder.File("run") }) { Validate = it => { seen.Add(it.state_dict()["head.bias"].sum().ToDouble()); return seen.Count; } };
        trainer.Run();
        using var last = Checkpoint.Open(folder.File("run/last.safetensors"), "");
        using var best = Checkpoint.Open(folder.File("run/best.safetensors"));
        TensorAssert.Equal(model.state_dict()["head.weight"], last.Read("average.head.weight"));
        TensorAssert.Equal(best.Read("head.weight"), last.Read("average.head.weight"));
        last.Read("model.head.weight").Equals(last.Read("average.head.weight")).Should().BeFalse();
        seen[^1].Should().Be(last.Read("average.head.bias").sum().ToDouble());
        using var rebuilt = SegmentationModel.FromFile(folder.File("run/last.safetensors"));
        TensorAssert.Equal(rebuilt.state_dict()["head.weight"], last.Read("model.head.weight"));
    }

    [Fact]
    public void Stops_early_and_keeps_the_best()
    {
        using var model = Fresh();
        double[] scores = [0.5, 0.7, 0.6, 0.7, 0.1];
        var (calls, weights) = (0, new List<Tensor>());
        var trainer = new Trainer(model, new Squares(), Loss, AdamW, Short with { Epochs = 50, Patience = 2, AverageDecay = null, Folder = folder.File("run") })
        {
            Validate = it =>
            {
                weights.Add(it.state_dict()["head.weight"].detach().clone());
                it.training.Should().BeFalse();
                is_grad_enabled().Should().BeFalse();
                return scores[calls++];
            },
        };
        trainer.Run().Should().Be(new TrainingResult(TrainingStop.EarlyStopping, 4, 16, 0.7, 0));
        using var best = Checkpoint.Open(folder.File("run/best.safetensors"));
        TensorAssert.Equal(best.Read("head.weight"), weights[1]);

        using var again = Fresh();
        Of(again, Short with { Epochs = 50, Patience = 2, AverageDecay = null, Folder = folder.File("run"), Resume = true }).Run().Epochs.Should().Be(4, "its patience is at its end");
    }

    [Fact]
    public void Lower_can_be_better_and_validation_can_be_rarer()
    {
        using var model = Fresh();
        var calls = 0;
        var trainer = new Trainer(model, new Squares(), Loss, AdamW, Short with { Epochs = 5, StepsPerEpoch = 1, ValidateEvery = 3, LowerIsBetter = true }) { Validate = _ => 10 - calls++ };
        var reports = new Reports();
        trainer.Run(reports).BestScore.Should().Be(9);
        reports.Epochs.Select(at => at.Score).Should().Equal(null, null, 10, null, 9);
    }

    [Fact]
    public void A_time_limit_ends_a_run_that_a_longer_one_goes_on_with()
    {
        using var model = Fresh();
        var options = Short with { Folder = folder.File("run"), TimeLimit = TimeSpan.FromTicks(1) };
        var result = Of(model, options).Run();
        (result.Stop, result.Steps).Should().Be((TrainingStop.TimeLimit, 1));
        Of(model, options with { Resume = true }).Run().Steps.Should().Be(1, "the time of the first run counts");
        result = Of(model, options with { Resume = true, TimeLimit = TimeSpan.FromHours(1) }).Run();
        (result.Stop, result.Steps).Should().Be((TrainingStop.Finished, 12));
    }

    [Theory]
    [InlineData(double.NaN, "The loss became NaN in step 5 (counted from 0).*last good state is *last.safetensors.*")]
    [InlineData(double.PositiveInfinity, "The loss became * in step 5*")]
    public void A_loss_that_is_no_number_ends_the_training_before_it_harms_the_weights(double poison, string message)
    {
        using var model = Fresh();
        var calls = 0;
        Tensor? before = null;
        var trainer = new Trainer(model, new Squares(), (output, labels) =>
        {
            before = model.state_dict()["head.weight"].detach().clone().DetachFromDisposeScope();
            return Loss.Of(output.Logits, labels) * (calls++ == 5 ? poison : 1);
        }, AdamW, Short with { Folder = folder.File("run"), AverageDecay = null });
        var error = trainer.Invoking(it => it.Run()).Should().Throw<TrainingDivergedException>().WithMessage(message).Which;
        (error.Step, error.LastCheckpoint).Should().Be((5, Path.Combine(folder.File("run"), "last.safetensors")));
        TensorAssert.Equal(model.state_dict()["head.weight"], before!);

        using var good = Checkpoint.Open(error.LastCheckpoint!, "");
        JsonSerializer.Deserialize<TrainingPosition>(good.Metadata["unetfamily.position"])!.Step.Should().Be(4);
    }

    [Fact]
    public void Gradients_that_are_no_numbers_end_it_as_well()
    {
        using var model = Fresh();
        // sqrt has an infinite slope at 0, times 0 gives NaN
        var trainer = new Trainer(model, new Squares(), (output, _) => (output.Logits * 0).sqrt().sum(), AdamW, Short with { ClipNorm = null });
        trainer.Invoking(it => it.Run()).Should().Throw<TrainingDivergedException>().WithMessage("The norm of the gradients became NaN in step 0*no checkpoint to go back to*");
        model.state_dict()["head.weight"].isfinite().all().ToBoolean().Should().BeTrue();
    }

    [Fact]
    public void Gradients_are_clipped_to_their_common_norm()
    {
        // SGD with a rate of 1 moves the weights by the clipped gradient.
        using var model = Fresh();
        var before = model.parameters().Select(parameter => parameter.detach().clone().to(ScalarType.Float64)).ToArray();
        new Trainer(model, new Squares(), (output, labels) => 1e4 * Loss.Of(output.Logits, labels), it => optim.SGD(it, 1), new TrainerOptions { Epochs = 1, StepsPerEpoch = 1, ClipNorm = 0.25, Schedule = LearningRateSchedule.Constant }).Run();
        Moved().Should().BeApproximately(0.25, 1e-6);

        using var free = Fresh();
        new Trainer(free, new Squares(), (output, labels) => Loss.Of(output.Logits, labels), it => optim.SGD(it, 1), new TrainerOptions { Epochs = 1, StepsPerEpoch = 1, ClipNorm = null, Schedule = LearningRateSchedule.Constant }).Run();
        using var scope = NewDisposeScope();
        using var batch = new Squares().Batch(0);
        using var reference = Fresh();
        using var random = manual_seed(0);
        Loss.Of(reference.call(batch.Images).Logits, batch.Labels).backward();
        foreach (var (moved, parameter) in free.parameters().Zip(reference.parameters())) TensorAssert.Equal(moved, parameter - parameter.grad!);

        double Moved() => Math.Sqrt(model.parameters().Zip(before).Sum(pair => (pair.First.detach().to(ScalarType.Float64) - pair.Second).square().sum().ToDouble()));
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void A_step_leaves_nothing_alive(Precision precision)
    {
        using var model = Fresh();
        var live = new List<long>();
        var reports = new Reports(_ => live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount));
        Of(model, Short with { Precision = precision, Patience = null }).Run(reports);
        live.Skip(2).Distinct().Should().ContainSingle("the first step made the optimizer's memory, and no later one makes more");
        NoLeaks.During(() => Of(model, Short with { Precision = precision }).Run()).Should().Be(0);
    }

    [Fact]
    public void A_folder_with_a_training_is_neither_overwritten_nor_resumed_with_other_options()
    {
        var options = Short with { Folder = folder.File("run") };
        using var model = Fresh();
        Of(model, options with { Epochs = 1 }).Run();
        using var other = (Network with { Widths = [4, 8, 12] }).Build();
        Of(model, options).Invoking(it => it.Run()).Should().Throw<IOException>().WithMessage("*last.safetensors is a training already. Set Resume*");
        options = options with { Resume = true };
        Of(model, options with { StepsPerEpoch = 3 }).Invoking(it => it.Run()).Should().Throw<CheckpointException>().WithMessage("*The training has 4 steps an epoch; StepsPerEpoch is 3 and must be the same.");
        Of(model, options with { AverageDecay = null }).Invoking(it => it.Run()).Should().Throw<CheckpointException>().WithMessage("*saved with an average*");
        Of(other, options).Invoking(it => it.Run()).Should().Throw<CheckpointException>();
    }

    [Fact]
    public void All_problems_of_the_options_are_in_one_message()
    {
        using var model = Fresh();
        var options = new TrainerOptions { Epochs = 0, StepsPerEpoch = -1, ClipNorm = 0, AverageDecay = 1, Patience = 0, TimeLimit = TimeSpan.Zero, Resume = true, MinDelta = -1, Precision = (Precision)7 };
        Of(model, options).Invoking(it => it.Run()).Should().Throw<ArgumentException>().WithMessage(
            "TrainerOptions: Epochs must be 1 or more, is 0. StepsPerEpoch must be 1 or more, is -1. Patience must be 1 or more, is 0. TimeLimit must be positive, is 00:00:00. "
            + "ClipNorm must be above 0, is 0; null leaves gradients as they are. AverageDecay must be from 0 to below 1, is 1; null takes no average. MinDelta must be 0 or more, is -1. "
            + "Precision must be Float32, BFloat16 or Half, is 7. Resume needs the Folder of the training.");
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void Trains_with_deep_supervision_and_a_view_of_one_domain(Precision precision)
    {
        using var model = (U2Net3dOptions.Universal(["left", "right"]) with { SpatialDims = SpatialDims.Two, BaseWidth = 4, Pools = 2 }).Build();
        using var view = model.ForDomain("right");
        var left = model.ParametersOf("left").Select(own => own.Parameter.detach().clone()).ToArray();
        var reports = new Reports();
        new Trainer(view, new Squares(), new DeepSupervisionLoss(Loss, SupervisionWeights.NnUNet), AdamW, Short with { Epochs = 2, StepsPerEpoch = 15, Precision = precision, Folder = folder.File("run") }) { Validate = Accuracy }.Run(reports);
        reports.Epochs[1].Loss.Should().BeLessThan(reports.Epochs[0].Loss);
        foreach (var (now, before) in model.ParametersOf("left").Zip(left)) TensorAssert.Equal(now.Parameter, before);
    }

    [Fact]
    public void A_source_that_ends_is_an_error()
    {
        using var model = Fresh();
        new Trainer(model, new Ending(), Loss, AdamW, Short).Invoking(it => it.Run()).Should().Throw<InvalidOperationException>().WithMessage("*ended before step 2; it should have no end.");
    }

    private sealed class Ending : IBatchSource
    {
        public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default) => new Squares().From(step, cancellation).Take(2);
    }
}
