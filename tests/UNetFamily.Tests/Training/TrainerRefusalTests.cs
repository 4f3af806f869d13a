using System.Text.Json;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

/// <summary>What a training refuses, and what it leaves behind when something goes wrong.</summary>
public sealed class TrainerRefusalTests : FileTests
{
    private static readonly UNetOptions Network = UNetOptions.Milesial(1, 2) with { Widths = [4, 8, 16], Dropout = 0.3 };
    private static readonly TrainerOptions Short = new() { Epochs = 2, StepsPerEpoch = 4, AverageDecay = 0.9 };

    private static UNet Fresh()
    {
        using var random = manual_seed(3);
        return new UNet(Network);
    }

    private static TorchSharp.Modules.AdamW AdamW(IEnumerable<Parameter> parameters) => optim.AdamW(parameters, 0.01);

    private static Tensor Dice(SegmentationOutput output, Tensor labels) => new DiceLoss().Of(output.Logits, labels);

    private string Last => folder.File("run/last.safetensors");

    private static Dictionary<string, Tensor> Copy(SegmentationModel model) => model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone().DetachFromDisposeScope());

    private static TrainingPosition PositionIn(string path)
    {
        using var file = Checkpoint.Open(path, "");
        return JsonSerializer.Deserialize<TrainingPosition>(file.Metadata["unetfamily.position"])!;
    }

    // ---- Numbers that are not finite ----

    [Theory]
    [InlineData("image", "The loss became NaN in step 2*")]
    [InlineData("huge image", "The buffer '*running_var' became * in step 2*")]
    [InlineData("loss", "The loss became NaN in step 2*")]
    [InlineData("gradient", "The norm of the gradients became NaN in step 2*")]
    public void A_step_that_is_refused_leaves_weights_and_buffers_as_they_were(string what, string message)
    {
        foreach (var accumulate in (long[])[1, 3])
        {
            using var model = Fresh();
            var before = new Dictionary<string, Tensor>();
            var calls = 0;
            var source = new Changed(2 * accumulate, batch =>
            {
                before = Copy(model);
                if (what == "image") batch.Images[0, 0, 3, 3] = double.NaN;
                if (what == "huge image") batch.Images[0, 0, 3, 3] = 1e30;
            });
            var trainer = new Trainer(model, source, (output, labels) =>
            {
                var poisoned = calls++ == 2 * accumulate;
                return poisoned && what == "loss" ? Dice(output, labels) * double.NaN : poisoned && what == "gradient" ? Dice(output, labels) + (output.Logits * 0).sqrt().sum() : Dice(output, labels);
            }, AdamW, Short with { AccumulateBatches = accumulate });

            trainer.Invoking(it => it.Run()).Should().Throw<TrainingDivergedException>().WithMessage(message);

            before.Should().NotBeEmpty();
            foreach (var (name, tensor) in model.state_dict()) TensorAssert.Equal(tensor, before[name], $"{name} with {accumulate}");
        }
    }

    [Fact]
    public void A_step_that_is_skipped_leaves_buffers_as_they_were_as_well()
    {
        using var model = Fresh();
        var before = Copy(model);
        var trainer = new Trainer(model, new Squares(), Dice, AdamW, Short with { Epochs = 1, StepsPerEpoch = 1, AverageDecay = null }) { Scaler = new GradientScaler(1e300) };
        trainer.Run().SkippedSteps.Should().Be(1);
        foreach (var (name, tensor) in model.state_dict()) TensorAssert.Equal(tensor, before[name], name);
    }

    // ---- What a crash loses ----

    [Theory]
    [InlineData("validation", 4)]
    [InlineData("source", 6)]
    [InlineData("loss", 6)]
    [InlineData("progress", 6)]
    [InlineData("epoch", 4)]
    public void After_an_exception_a_training_goes_on_as_if_there_had_been_none(string where, long step)
    {
        using var whole = Fresh();
        Of(whole, Short with { Folder = folder.File("whole") }, "").Run();

        using var model = Fresh();
        var options = Short with { Folder = folder.File("run"), SaveEvery = 100 };
        Of(model, options, where).Invoking(it => it.Run(new Reports(at =>
        {
            if (where == "progress" && at.Step == 6 || where == "epoch" && at.EndsEpoch) throw new TimeoutException();
        }))).Should().Throw<TimeoutException>();
        PositionIn(Last).Step.Should().Be(step);

        using var random = manual_seed(99);
        using var resumed = Network.Build();
        var result = Of(resumed, options with { Resume = true }, "").Run();
        result.Steps.Should().Be(8);
        result.ChangedOptions.Should().BeEmpty();
        foreach (var (name, tensor) in whole.state_dict()) TensorAssert.Equal(resumed.state_dict()[name], tensor, name);

        Trainer Of(SegmentationModel network, TrainerOptions with, string fails)
        {
            var calls = 0;
            var source = new Changed(6, _ =>
            {
                if (fails == "source") throw new TimeoutException();
            });
            return new Trainer(network, source, (output, labels) => fails == "loss" && calls++ == 6 ? throw new TimeoutException() : Dice(output, labels), AdamW, with)
            {
                Validate = _ => fails == "validation" ? throw new TimeoutException() : 0.5,
            };
        }
    }

    [Fact]
    public void A_cancellation_that_cannot_save_is_still_one_and_says_so()
    {
        using var model = Fresh();
        using var stop = new CancellationTokenSource();
        var reports = new Reports(at =>
        {
            if (at.Step != 5) return;
            // What stands where the file should be stands for a full disk.
            File.Delete(Last);
            Directory.CreateDirectory(Path.Combine(Last, "in the way"));
            stop.Cancel();
        });
        var trainer = new Trainer(model, new Squares(), Dice, AdamW, Short with { Folder = folder.File("run") });
        var error = trainer.Invoking(it => it.Run(reports, stop.Token)).Should().Throw<OperationCanceledException>().WithMessage("The training was cancelled after step 5, and could not be saved: *").Which;
        error.InnerException.Should().NotBeNull();
        error.CancellationToken.Should().Be(stop.Token);
    }

    [Fact]
    public void A_best_network_that_cannot_be_written_is_no_best_score_yet()
    {
        using var model = Fresh();
        var best = folder.File("run/best.safetensors");
        Directory.CreateDirectory(Path.Combine(best, "in the way"));
        var options = Short with { Epochs = 1, Patience = 3, Folder = folder.File("run") };
        new Trainer(model, new Squares(), Dice, AdamW, options) { Validate = _ => 0.7 }.Invoking(it => it.Run()).Should().Throw<Exception>();
        PositionIn(Last).BestScore.Should().BeNull();

        Directory.Delete(best, recursive: true);
        new Trainer(model, new Squares(), Dice, AdamW, options with { Resume = true }) { Validate = _ => 0.7 }.Run().BestScore.Should().Be(0.7);
        File.Exists(best).Should().BeTrue();
    }

    // ---- What can't be trained ----

    [Fact]
    public void A_loss_that_cannot_be_learned_from_is_named()
    {
        Refused((output, _) => output.Logits.square(), "The loss must be a scalar, and is (2, 2, 16, 16). Take its mean or its sum.");
        Refused((output, _) => output.Logits.detach().mean(), "The loss has no gradient, because no trainable weight is in it.*");
        Refused((output, labels) => output.Logits.argmax(1).eq(labels).to(ScalarType.Float32).mean(), "The loss has no gradient*");
        Refused((_, labels) => labels.sum(), "The loss has no gradient*");
        Refused((_, _) => null!, "The loss is null.");
        Refused((output, labels) =>
        {
            using var none = no_grad();
            return Dice(output, labels);
        }, "The loss has no gradient*");

        static void Refused(Func<SegmentationOutput, Tensor, Tensor> loss, string message)
        {
            using var model = Fresh();
            var before = Copy(model);
            new Trainer(model, new Squares(), loss, AdamW, Short).Invoking(it => it.Run()).Should().Throw<InvalidOperationException>().WithMessage(message);
            foreach (var (name, tensor) in model.state_dict()) TensorAssert.Equal(tensor, before[name], name);
        }
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void A_network_whose_parameters_are_all_frozen_is_named(Precision precision)
    {
        using var model = Fresh();
        foreach (var parameter in model.parameters()) parameter.requires_grad = false;
        new Trainer(model, new Squares(), Dice, AdamW, Short with { Precision = precision }).Invoking(it => it.Run()).Should().Throw<ArgumentException>()
            .WithMessage("UNet has nothing to train: all of its * parameters are frozen. Set requires_grad of those that shall learn.*");
        model.state_dict()["head.weight"].dtype.Should().Be(ScalarType.Float32);
    }

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.Float64)]
    [InlineData(ScalarType.Float32, ScalarType.Float16)]
    [InlineData(ScalarType.Float32, ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64, ScalarType.Float32)]
    public void An_image_of_another_type_than_the_weights_is_named(ScalarType weights, ScalarType image)
    {
        using var model = Fresh().to(weights);
        FluentActions.Invoking(() => model.call(zeros([1, 1, 16, 16], image))).Should().Throw<ArgumentException>()
            .WithMessage($"UNet has weights of {weights} on cpu; input is of {image} on cpu. Convert it with input.to(ScalarType.{weights}, *");
        if (weights is ScalarType.Float32)
            new Trainer(model, new Changed(0, _ => { }, image), Dice, AdamW, Short).Invoking(it => it.Run()).Should().Throw<ArgumentException>().WithMessage("UNet has weights of Float32*");
    }

    [Fact]
    public void An_image_elsewhere_than_the_weights_is_named()
    {
        using var model = Fresh();
        FluentActions.Invoking(() => model.call(zeros([1, 1, 16, 16], device: META))).Should().Throw<ArgumentException>().WithMessage("UNet has weights of Float32 on cpu; input is of Float32 on meta*");
    }

    /// <summary>Squares, one batch of which is changed.</summary>
    private sealed class Changed(long number, Action<TrainingBatch> change, ScalarType type = ScalarType.Float32) : IBatchSource
    {
        public IEnumerable<TrainingBatch> From(long step, CancellationToken cancellation = default)
        {
            for (; ; step++)
            {
                var batch = new Squares().Batch(step);
                if (step == number) change(batch);
                yield return new(batch.Images.to(type), batch.Labels);
            }
        }
    }
}
