using static TorchSharp.torch.optim;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>A training that was interrupted goes on as if it had not been: the same weights, bit for bit.</summary>
public sealed class TrainingFilesTests : FileTests
{
    private static readonly UNetOptions Options = UNetOptions.Milesial(1, 2) with { Widths = [4, 8, 16], Dropout = 0.3 };

    public static IEnumerable<object[]> Optimizers() =>
    [
        ["AdamW", (SegmentationModel model) => (OptimizerHelper)AdamW(model.parameters(), lr: 1e-2, weight_decay: 0.1, amsgrad: true)],
        ["Adam", (SegmentationModel model) => (OptimizerHelper)Adam(model.parameters(), lr: 1e-2)],
        ["SGD", (SegmentationModel model) => (OptimizerHelper)SGD(model.parameters(), 0.1, momentum: 0.9, nesterov: true)],
        ["RMSProp", (SegmentationModel model) => (OptimizerHelper)RMSProp(model.parameters(), 1e-3, momentum: 0.5, centered: true)],
    ];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Interrupted_and_resumed_equals_uninterrupted(string name, Func<SegmentationModel, OptimizerHelper> make)
    {
        manual_seed(7);
        using var whole = Options.Build();
        using var first = Options.Build();
        whole.Save(folder.File("start.safetensors"));
        first.Load(folder.File("start.safetensors"));

        manual_seed(11);
        using var wholeOptimizer = make(whole);
        var wholeSchedule = lr_scheduler.StepLR(wholeOptimizer, step_size: 2, gamma: 0.5);
        Train(whole, wholeOptimizer, wholeSchedule, from: 0, to: 6);

        manual_seed(11);
        using var firstOptimizer = make(first);
        var firstSchedule = lr_scheduler.StepLR(firstOptimizer, step_size: 2, gamma: 0.5);
        Train(first, firstOptimizer, firstSchedule, from: 0, to: 3);
        var notes = new Dictionary<string, string> { ["order"] = "3,1,2" };
        first.SaveTraining(folder.File("training.safetensors"), firstOptimizer, new TrainingPosition { Epoch = 3, Step = 3, ScheduleSteps = 3, Seed = 11, BestScore = 0.1 + 0.2, Notes = notes });

        manual_seed(99);                                                                        // a new process
        using var resumed = SegmentationModel.FromFile(folder.File("training.safetensors"));
        using var optimizer = make(resumed);
        var schedule = lr_scheduler.StepLR(optimizer, step_size: 2, gamma: 0.5);
        var position = resumed.ResumeTraining(folder.File("training.safetensors"), optimizer, schedule);
        position.Should().BeEquivalentTo(new TrainingPosition { Epoch = 3, Step = 3, ScheduleSteps = 3, Seed = 11, BestScore = 0.1 + 0.2, Notes = notes });
        Train(resumed, optimizer, schedule, from: (int)position.Epoch, to: 6);

        foreach (var (key, tensor) in whole.state_dict()) TensorAssert.Equal(resumed.state_dict()[key], tensor, $"{key} with {name}");
        optimizer.ParamGroups.Single().LearningRate.Should().Be(wholeOptimizer.ParamGroups.Single().LearningRate);
    }

    [Fact]
    public void The_weights_of_a_training_load_like_any_others()
    {
        using var model = Options.Build();
        using var optimizer = SGD(model.parameters(), 0.1);
        model.SaveTraining(folder.File("training.safetensors"), optimizer, new TrainingPosition());
        using var other = Options.Build();
        other.Load(folder.File("training.safetensors")).IsComplete.Should().BeTrue();
        TensorAssert.Equal(other.state_dict()["head.weight"], model.state_dict()["head.weight"]);
        using var file = Checkpoint.Open(folder.File("training.safetensors"));
        (file.Envelope, file.Others.Single().Name).Should().Be(("model", "random.cpu"));
    }

    [Fact]
    public void Another_training_is_refused_and_changes_nothing()
    {
        using var model = Options.Build();
        using var adam = Adam(model.parameters());
        Train(model, adam, lr_scheduler.StepLR(adam, 2), 0, 1);
        var path = folder.File("training.safetensors");
        model.SaveTraining(path, adam, new TrainingPosition());
        model.Save(folder.File("weights.safetensors"));

        using var other = Options.Build();
        using var before = other.state_dict()["head.weight"].detach().clone();
        using var sgd = SGD(other.parameters(), 0.1, momentum: 0.9);
        using var fewer = Adam(other.parameters().Take(3));
        using var wider = (Options with { Widths = [4, 8, 32] }).Build();
        using var wide = Adam(wider.parameters());
        other.Invoking(it => it.ResumeTraining(path, sgd)).Should().Throw<CheckpointException>().WithMessage("*used Adam, and the optimizer is SGD*");
        other.Invoking(it => it.ResumeTraining(path, fewer)).Should().Throw<CheckpointException>().WithMessage("*the optimizer 1 and 3.");
        wider.Invoking(it => it.ResumeTraining(path, wide)).Should().Throw<CheckpointException>().WithMessage("*doesn't fit parameter*");
        other.Invoking(it => it.ResumeTraining(folder.File("weights.safetensors"), sgd)).Should().Throw<CheckpointException>().WithMessage("*holds weights, and no training*");
        TensorAssert.Equal(other.state_dict()["head.weight"], before);
    }

    private static void Train(SegmentationModel model, OptimizerHelper optimizer, lr_scheduler.LRScheduler schedule, int from, int to)
    {
        model.train();
        for (var step = from; step < to; step++)
        {
            using var inner = NewDisposeScope();
            var image = Reference.DeterministicFill.Input($"image {step}", [2, 1, 16, 16]);
            optimizer.zero_grad();
            var loss = model.call(image).Logits.square().mean();
            loss.backward();
            optimizer.step();
            schedule.step();
        }
    }
}
