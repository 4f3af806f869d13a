using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

/// <summary>A training that is resumed with other options: each is used and reported, or refused by name.</summary>
public sealed class ResumeTests : FileTests
{
    private static readonly UNetOptions Network = UNetOptions.Milesial(1, 2) with { Widths = [4, 8] };

    private TrainerOptions Options => new()
    {
        Epochs = 2, StepsPerEpoch = 2, Schedule = LearningRateSchedule.Constant, ClipNorm = null, AverageDecay = 0.9, Patience = 9, Folder = folder.File("run"), Resume = true,
    };

    private static SGDOptions Usual => new();

    private sealed record SGDOptions(double Rate = 0.1, double Momentum = 0.9, double Decay = 0.01, bool Nesterov = true);

    private static Trainer Of(SegmentationModel model, TrainerOptions options, SGDOptions? sgd = null)
    {
        var with = sgd ?? Usual;
        return new(model, new Squares(), new DiceLoss(), it => optim.SGD(it, with.Rate, momentum: with.Momentum, weight_decay: with.Decay, nesterov: with.Nesterov), options) { Validate = _ => 0.5 };
    }

    /// <summary>Trains one epoch.</summary>
    private void Begin()
    {
        using var random = manual_seed(3);
        using var model = new UNet(Network);
        using var stop = new CancellationTokenSource();
        Of(model, Options).Invoking(it => it.Run(new Reports(at => { if (at.EndsEpoch) stop.Cancel(); }), stop.Token)).Should().Throw<OperationCanceledException>();
    }

    private (Dictionary<string, Tensor> Weights, TrainingResult Result, Reports Reports) Resume(TrainerOptions options, SGDOptions? sgd = null)
    {
        // Each time from the same beginning.
        if (!Directory.Exists(folder.File("kept"))) Copy("run", "kept");
        Copy("kept", "run");
        using var model = Network.Build();
        var reports = new Reports();
        var result = Of(model, options, sgd).Run(reports);
        return (model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone()), result, reports);

        void Copy(string from, string to)
        {
            Directory.CreateDirectory(folder.File(to));
            foreach (var file in Directory.GetFiles(folder.File(from))) File.Copy(file, Path.Combine(folder.File(to), Path.GetFileName(file)), overwrite: true);
        }
    }

    [Fact]
    public void The_same_options_change_nothing()
    {
        Begin();
        var (_, result, reports) = Resume(Options with { SaveEvery = 7, TimeLimit = TimeSpan.FromHours(1) });
        result.ChangedOptions.Should().BeEmpty();
        reports.Steps.Should().OnlyContain(at => at.ChangedOptions.Count == 0);
    }

    public static TheoryData<string, string> Numbers() => new()
    {
        { "rate", "InitialLearningRate of the optimizer was 0.1 and is 0.02." },
        { "momentum", "momentum of the optimizer was 0.9 and is 0.5." },
        { "no momentum", "momentum of the optimizer was 0.9 and is 0." },
        { "decay", "weight_decay of the optimizer was 0.01 and is 0.3." },
        { "nesterov", "nesterov of the optimizer was 1 and is 0." },
        { "schedule", "Schedule was Constant and is Polynomial(0.9)." },
        { "clip", "ClipNorm was none and is 0.001." },
        { "precision", "Precision was Float32 and is BFloat16." },
        { "average", "AverageDecay was 0.9 and is 0.1." },
        { "accumulate", "AccumulateBatches was 1 and is 3." },
        { "epochs", "Epochs was 2 and is 3." },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void What_decides_what_is_learned_is_used_and_reported(string what, string report)
    {
        Begin();
        var same = Resume(Options);
        var (weights, result, reports) = Resume(Changed(), what switch
        {
            "rate" => Usual with { Rate = 0.02 },
            "momentum" => Usual with { Momentum = 0.5 },
            "no momentum" => Usual with { Momentum = 0, Nesterov = false },
            "decay" => Usual with { Decay = 0.3 },
            "nesterov" => Usual with { Nesterov = false },
            _ => Usual,
        });

        result.ChangedOptions.Should().Contain(report).And.HaveCount(what == "no momentum" ? 2 : 1);
        reports.Steps[0].ChangedOptions.Should().Equal(result.ChangedOptions);
        reports.Steps.Skip(1).Should().OnlyContain(at => at.ChangedOptions.Count == 0);
        weights["head.weight"].Equals(same.Weights["head.weight"]).Should().BeFalse("it is used");
        if (what == "rate") reports.Steps.Should().OnlyContain(at => at.LearningRate == 0.02);

        TrainerOptions Changed() => what switch
        {
            "schedule" => Options with { Schedule = LearningRateSchedule.Polynomial() },
            "clip" => Options with { ClipNorm = 0.001 },
            "precision" => Options with { Precision = Precision.BFloat16 },
            "average" => Options with { AverageDecay = 0.1 },
            "accumulate" => Options with { AccumulateBatches = 3 },
            "epochs" => Options with { Epochs = 3 },
            _ => Options,
        };
    }

    [Fact]
    public void Other_seed_and_validation_are_used_and_reported_too()
    {
        Begin();
        var (_, result, _) = Resume(Options with { Seed = 7, ValidateEvery = 2, Patience = 1, MinDelta = 0.25 });
        result.ChangedOptions.Should().Equal("ValidateEvery was 1 and is 2.", "Patience was 9 and is 1.", "MinDelta was 0 and is 0.25.", "Seed was 0 and is 7.");
        result.Stop.Should().Be(TrainingStop.Finished);

        Resume(Options with { Epochs = 9, Patience = 2 }).Result.Should().Match<TrainingResult>(it => it.Stop == TrainingStop.EarlyStopping && it.Epochs == 3, "two scores of 0.5 after the first, no better");
    }

    [Fact]
    public void A_training_that_was_too_fast_goes_on_more_slowly()
    {
        Begin();
        var (_, result, reports) = Resume(Options with { Schedule = LearningRateSchedule.Constant.WithWarmUp(1), Epochs = 4 }, Usual with { Rate = 1e-3 });
        reports.Steps.Should().OnlyContain(at => at.LearningRate == 1e-3, "the rise is over");
        result.ChangedOptions.Should().HaveCount(3);
    }

    [Fact]
    public void What_would_mean_something_else_is_refused_by_name()
    {
        Begin();
        Refused(Options with { LowerIsBetter = true }, "*The training's best score, 0.5, is the highest; LowerIsBetter is True and must be False.");
        Refused(Options with { StepsPerEpoch = 3 }, "*The training has 2 steps an epoch; StepsPerEpoch is 3 and must be the same.");
        Refused(Options with { AverageDecay = null }, "*saved with an average of weights; AverageDecay must say the same.");

        void Refused(TrainerOptions options, string message)
        {
            using var random = manual_seed(5);
            using var model = new UNet(Network);
            var before = model.state_dict()["head.weight"].clone();
            Of(model, options).Invoking(it => it.Run()).Should().Throw<CheckpointException>().WithMessage(message);
            TensorAssert.Equal(model.state_dict()["head.weight"], before);
        }
    }

    [Theory]
    [InlineData(0.2, 0.01, true, "*has InitialLearningRate = 0.1, and this one 0.2. Make it as it was; set another value after the training was resumed.")]
    [InlineData(0.1, 0.5, true, "*has weight_decay = 0.01, and this one 0.5.*")]
    [InlineData(0.1, 0.01, false, "*has nesterov = 1, and this one 0.*")]
    public void In_a_loop_of_ones_own_other_options_of_the_optimizer_are_refused_by_name(double rate, double decay, bool nesterov, string message)
    {
        using var random = manual_seed(3);
        using var model = new UNet(Network);
        using var optimizer = optim.SGD(model.parameters(), 0.1, momentum: 0.9, weight_decay: 0.01, nesterov: true);
        model.SaveTraining(folder.File("training.safetensors"), optimizer, new TrainingPosition());
        using var other = optim.SGD(model.parameters(), rate, momentum: 0.9, weight_decay: decay, nesterov: nesterov);
        model.Invoking(it => it.ResumeTraining(folder.File("training.safetensors"), other)).Should().Throw<CheckpointException>().WithMessage(message);
        other.ParamGroups.Single().LearningRate.Should().Be(rate, "nothing changed");
    }

    [Fact]
    public void An_optimizer_that_needs_more_memory_than_the_file_has_goes_on_with_its_own()
    {
        var options = Options with { AverageDecay = null };
        using var random = manual_seed(3);
        using var model = new UNet(Network);
        Adam(model, options with { Epochs = 1 }, amsgrad: false).Run();
        var result = Adam(model, options, amsgrad: true).Run();
        result.Steps.Should().Be(4);
        result.ChangedOptions.Should().Equal("Epochs was 1 and is 2.", "amsgrad of the optimizer was 0 and is 1.");
        model.state_dict()["head.weight"].isfinite().all().ToBoolean().Should().BeTrue();

        static Trainer Adam(SegmentationModel model, TrainerOptions options, bool amsgrad) => new(model, new Squares(), new DiceLoss(), it => optim.Adam(it, 0.01, amsgrad: amsgrad), options);
    }

    [Fact]
    public void A_text_in_the_file_is_not_believed_to_be_short()
    {
        Begin();
        var path = folder.File("run/last.safetensors");
        var bytes = File.ReadAllBytes(path);
        var text = System.Text.Encoding.Latin1.GetString(bytes);
        // Of the same length, so that the header stays whole.
        File.WriteAllBytes(path, System.Text.Encoding.Latin1.GetBytes(text.Replace("Constant", "Const\u0007nt", StringComparison.Ordinal).Replace("Const\u0007nt", "C\\\\u0007", StringComparison.Ordinal)));
        Resume(Options).Result.ChangedOptions.Should().ContainSingle().Which.Should().StartWith("Schedule was C").And.NotContain("\u0007");
    }
}
