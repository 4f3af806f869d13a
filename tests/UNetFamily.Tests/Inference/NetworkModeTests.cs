using UNetFamily.Tests.Checkpoints;
using UNetFamily.Tests.Training;

namespace UNetFamily.Tests.Inference;

/// <summary>A module has one mode for all threads: calls that overlap share it or are refused, and undo nothing of each other's.</summary>
public sealed class NetworkModeTests : FileTests, IClassFixture<NetworkModeTests.Tidy>
{
    /// <summary>Many threads leave a large heap, which would shrink in the middle of a later test that measures memory.</summary>
    public sealed class Tidy : IDisposable
    {
        public void Dispose() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    private static readonly SlidingWindow Settings = new() { RoiSize = (16, 16), Mode = BlendMode.Gaussian };

    private static UNet Trained()
    {
        manual_seed(3);
        var model = new UNet(UNetOptions.Milesial(1, 3) with { Widths = [4, 8], Dropout = 0.3 });
        model.train();
        return model;
    }

    [Fact]
    public void One_network_segments_on_many_threads_as_on_one_and_keeps_its_statistics_and_modes()
    {
        using var scope = NewDisposeScope();
        var model = Trained();
        model.modules().OfType<BatchNorm>().First().eval();
        var modes = model.modules().Select(module => module.training).ToArray();
        var buffers = model.named_buffers().ToDictionary(entry => entry.name, entry => entry.buffer.clone());
        var images = Enumerable.Range(0, 16).Select(_ => randn(1, 40, 40)).ToArray();
        var expected = images.Select(image => Settings.Labels(model, image)).ToArray();

        var labels = new Tensor[images.Length];
        Parallel.For(0, images.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => labels[i] = Settings.Labels(model, images[i]).DetachFromDisposeScope());

        foreach (var (one, other) in labels.Zip(expected)) TensorAssert.Equal(one, other);
        foreach (var (name, buffer) in model.named_buffers()) TensorAssert.Equal(buffer, buffers[name], name);
        model.modules().Select(module => module.training).Should().Equal(modes);
        foreach (var one in labels) one.Dispose();
    }

    [Fact]
    public void In_mixed_precision_as_well()
    {
        using var scope = NewDisposeScope();
        using var model = Trained();
        using var weights = new MixedPrecision(model, Precision.BFloat16);
        var images = Enumerable.Range(0, 8).Select(_ => randn(1, 40, 40)).ToArray();
        var expected = images.Select(image => Settings.Logits(model, image)).ToArray();

        var logits = new Tensor[images.Length];
        Parallel.For(0, images.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => logits[i] = Settings.Logits(model, images[i]).DetachFromDisposeScope());

        foreach (var (one, other) in logits.Zip(expected)) TensorAssert.Equal(one, other);
        foreach (var one in logits) one.Dispose();
    }

    [Fact]
    public void Of_two_calls_that_overlap_the_last_to_end_gives_the_modes_back()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (Trained(), randn(1, 40, 40));
        using var secondRuns = new ManualResetEventSlim();
        using var firstEnded = new ManualResetEventSlim();

        var second = new Thread(() => Settings.Labels(model, image, new Teller(_ =>
        {
            secondRuns.Set();
            firstEnded.Wait(TimeSpan.FromMinutes(1)).Should().BeTrue();
        })).Dispose());
        second.Start();
        Settings.Labels(model, image, new Teller(_ => secondRuns.Wait(TimeSpan.FromMinutes(1)).Should().BeTrue()));
        var modeAfterFirst = model.training;
        firstEnded.Set();
        second.Join();

        modeAfterFirst.Should().BeFalse("the second call is not at its end");
        model.modules().Should().OnlyContain(module => module.training);
    }

    [Fact]
    public void A_call_within_a_call_changes_nothing_and_an_error_ends_only_its_own()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (Trained(), randn(1, 40, 40));
        var expected = Settings.Logits(model, image);
        var calls = 0;

        var logits = Settings.Logits(model, image, new Teller(_ =>
        {
            if (calls++ > 0) return;
            TensorAssert.Equal(Settings.Logits(model, image), expected);
            FluentActions.Invoking(() => Settings.Logits(model, image, new Teller(_ => throw new TimeoutException()))).Should().Throw<TimeoutException>();
        }));

        TensorAssert.Equal(logits, expected);
        model.modules().Should().OnlyContain(module => module.training);
    }

    [Fact]
    public void Whoever_puts_the_network_into_training_mode_meanwhile_gets_no_labels()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (Trained(), randn(1, 40, 40));
        foreach (var disturb in (Action[])[() => model.train(), () => model.modules().OfType<BatchNorm>().Last().train()])
            FluentActions.Invoking(() => Settings.Labels(model, image, new Teller(_ => disturb()))).Should().Throw<InvalidOperationException>().WithMessage("UNet was put into training mode while it was evaluated*");
    }

    [Fact]
    public void A_training_step_and_an_evaluation_exclude_each_other()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (Trained(), randn(1, 40, 40));
        var options = new TrainerOptions { Epochs = 1, StepsPerEpoch = 2 };
        var within = new Trainer(model, new Squares(), (output, _) =>
        {
            Settings.Labels(model, image);
            return output.Logits.mean();
        }, it => optim.SGD(it, 0.1), options);
        within.Invoking(it => it.Run()).Should().Throw<InvalidOperationException>().WithMessage("UNet is in a training step, and can't be evaluated before its end*");

        var before = model.state_dict()["head.weight"].clone();
        FluentActions.Invoking(() => Settings.Labels(model, image, new Teller(_ => Trainer(null).Run()))).Should().Throw<InvalidOperationException>().WithMessage("UNet is being evaluated, and can't be trained before the end of that call*");
        TensorAssert.Equal(model.state_dict()["head.weight"], before);

        Trainer Trainer(Func<SegmentationModel, double>? validate) => new(model, new Squares(), (output, _) => output.Logits.square().mean(), it => optim.SGD(it, 0.1), options) { Validate = validate };
    }

    [Fact]
    public void An_evaluation_that_begins_gives_way_to_a_change_that_waits()
    {
        using var model = Trained();
        var order = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var evaluation = NetworkMode.Evaluate(model);
        var change = new Thread(() => { using (NetworkMode.Change(model)) order.Enqueue("change"); });
        change.Start();
        Thread.Sleep(200);
        var other = new Thread(() => { using (NetworkMode.Evaluate(model)) order.Enqueue("evaluation"); });
        other.Start();
        Thread.Sleep(200);
        using (NetworkMode.Evaluate(model)) order.Should().BeEmpty("the thread that evaluates already is let in again");
        evaluation.Dispose();
        change.Join();
        other.Join();
        order.Should().Equal("change", "evaluation");
    }

    [Fact]
    public void A_change_that_is_given_up_keeps_nobody_waiting()
    {
        using var model = Trained();
        using var cancellation = new CancellationTokenSource();
        using var evaluation = NetworkMode.Evaluate(model);
        cancellation.Cancel();
        Exception? refused = null;
        var other = new Thread(() =>
        {
            refused = Record.Exception(() => NetworkMode.Change(model, cancellation.Token));
            NetworkMode.Evaluate(model).Dispose();
        });
        other.Start();
        other.Join(TimeSpan.FromSeconds(5)).Should().BeTrue();
        refused.Should().BeOfType<OperationCanceledException>();
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void Predictions_on_other_threads_and_training_steps_wait_for_each_other(Precision precision)
    {
        using var scope = NewDisposeScope();
        var image = randn(1, 40, 40);
        var options = new TrainerOptions { Epochs = 3, StepsPerEpoch = 5, AverageDecay = 0.9, Precision = precision };
        var expected = Run(_ => { });

        var (failures, predictions) = (new System.Collections.Concurrent.ConcurrentBag<Exception>(), 0);
        var actual = Run(model =>
        {
            try
            {
                Settings.Labels(model, image).Dispose();
                Interlocked.Increment(ref predictions);
            }
            catch (Exception problem)
            {
                failures.Add(problem);
            }
        });

        failures.Should().BeEmpty();
        predictions.Should().BeGreaterThan(3);
        foreach (var (name, tensor) in expected) TensorAssert.Equal(actual[name], tensor, name);

        Dictionary<string, Tensor> Run(Action<SegmentationModel> meanwhile)
        {
            using var model = Trained();
            var ended = false;
            var threads = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                while (!Volatile.Read(ref ended))
                {
                    meanwhile(model);
                    Thread.Sleep(1);
                }
            })).ToArray();
            foreach (var thread in threads) thread.Start();
            new Trainer(model, new Squares(), new DiceLoss(), it => optim.SGD(it, 0.1), options) { Validate = it => Settings.Labels(it, image).sum().ToDouble() }.Run();
            Volatile.Write(ref ended, true);
            foreach (var thread in threads) thread.Join();
            model.modules().Should().OnlyContain(module => module.training);
            return model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
        }
    }

    [Fact]
    public void A_source_may_predict_with_the_network_that_learns_from_it()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (Trained(), randn(1, 40, 40));
        var trainer = new Trainer(model, new Asking(() => Settings.Labels(model, image)), new DiceLoss(), it => optim.SGD(it, 0.1), new TrainerOptions { Epochs = 1, StepsPerEpoch = 2, AccumulateBatches = 2 });
        trainer.Run().Steps.Should().Be(2);
    }

    [Fact]
    public void Two_trainings_of_one_network_are_refused()
    {
        using var model = Trained();
        var options = new TrainerOptions { Epochs = 1, StepsPerEpoch = 1 };
        Trainer Of(Func<SegmentationModel, double>? validate) => new(model, new Squares(), new DiceLoss(), it => optim.SGD(it, 0.1), options) { Validate = validate };
        Of(_ => Of(null).Run().Steps).Invoking(it => it.Run()).Should().Throw<InvalidOperationException>().WithMessage("UNet is being trained by another Trainer. Wait for its end, or use a copy of the network.");
        Of(null).Run().Steps.Should().Be(1, "the first is at its end");
    }

    [Fact]
    public void A_step_that_waits_for_a_prediction_can_be_cancelled()
    {
        using var scope = NewDisposeScope();
        var (model, image) = (Trained(), randn(1, 40, 40));
        using var predicts = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var thread = new Thread(() => Settings.Labels(model, image, new Teller(_ =>
        {
            predicts.Set();
            release.Wait(TimeSpan.FromMinutes(1));
        })).Dispose());
        thread.Start();
        predicts.Wait(TimeSpan.FromMinutes(1)).Should().BeTrue();

        var trainer = new Trainer(model, new Squares(), new DiceLoss(), it => optim.SGD(it, 0.1), new TrainerOptions { Epochs = 1, StepsPerEpoch = 1 });
        trainer.Invoking(it => it.Run(cancellation: stop.Token)).Should().Throw<OperationCanceledException>();
        release.Set();
        thread.Join();
        trainer.Run().Steps.Should().Be(1);
    }

    [Fact]
    public void Between_two_steps_and_in_validation_a_network_may_predict_and_the_training_does_not_show_it()
    {
        using var scope = NewDisposeScope();
        var image = randn(1, 40, 40);
        var (plain, disturbed) = (Run(predicts: false), Run(predicts: true));
        foreach (var (name, tensor) in plain) TensorAssert.Equal(disturbed[name], tensor, name);

        Dictionary<string, Tensor> Run(bool predicts)
        {
            using var model = Trained();
            var trainer = new Trainer(model, new Squares(), new DiceLoss(), it => optim.SGD(it, 0.1), new TrainerOptions { Epochs = 2, StepsPerEpoch = 3 }) { Validate = Predict };
            trainer.Run(new Reports(_ => Predict(model)));
            return model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

            double Predict(SegmentationModel network)
            {
                if (predicts) Settings.Labels(network, image);
                return 0;
            }
        }
    }

    [Fact]
    public void Comparing_levels_keeps_every_modules_mode()
    {
        using var scope = NewDisposeScope();
        var model = new UNetPlusPlus(UNetPlusPlusOptions.Nested(inChannels: 1, outChannels: 2, deepSupervision: true) with { Widths = [2, 3, 4] });
        model.train();
        model.modules().OfType<BatchNorm>().First().eval();
        var modes = model.modules().Select(module => module.training).ToArray();

        LevelComparison.Measure(model, [(randn(1, 1, 16, 16), zeros([1, 16, 16], ScalarType.Int64))]);

        model.modules().Select(module => module.training).Should().Equal(modes);
    }

    [Fact]
    public void A_network_from_a_file_predicts_and_one_that_goes_on_with_its_training_trains()
    {
        using var model = Trained();
        using var optimizer = optim.SGD(model.parameters(), 0.1);
        model.SaveTraining(folder.File("training.safetensors"), optimizer, new TrainingPosition());
        using var again = SegmentationModel.FromFile(folder.File("training.safetensors"));
        again.modules().Prepend(again).Should().OnlyContain(module => !module.training);

        using var other = optim.SGD(again.parameters(), 0.1);
        again.ResumeTraining(folder.File("training.safetensors"), other);
        again.modules().Prepend(again).Should().OnlyContain(module => module.training);
    }

    private sealed class Asking(Action ask) : IBatchSource
    {
        public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default) => new Squares().From(step, cancellation).Select(batch =>
        {
            ask();
            return batch;
        });
    }

    private sealed class Teller(Action<WindowProgress> tell) : IProgress<WindowProgress>
    {
        public void Report(WindowProgress value) => tell(value);
    }
}
