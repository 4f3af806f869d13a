using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Training;

/// <summary>Modules that the user has put into evaluation mode stay in it, and those in training mode too, whatever the library does in between.</summary>
public sealed class FrozenModesTests : FileTests
{
    private static readonly UNetOptions Network = UNetOptions.Milesial(1, 2) with { Widths = [4, 8, 16], Dropout = 0.3 };

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void A_frozen_encoder_does_not_drift(Precision precision)
    {
        using var model = new UNet(Network);
        Frozen(model, "stem", "down");
        var (before, modes) = (Buffers(model), Modes(model));
        var inValidation = new List<bool>();
        var trainer = new Trainer(model, new Squares(), new DiceCELoss(), weights => optim.SGD(weights, 0.01), new() { Epochs = 2, StepsPerEpoch = 2, AverageDecay = 0.9, Precision = precision })
        {
            Validate = network =>
            {
                inValidation.AddRange(network.modules().Select(module => module.training));
                network.train();            // what a callback does to them doesn't last either
                return 1;
            },
        };

        trainer.Run();

        Modes(model).Should().Equal(modes);
        inValidation.Should().NotBeEmpty().And.OnlyContain(training => !training);
        var after = Buffers(model);
        foreach (var (name, tensor) in before.Where(entry => entry.Key.StartsWith("stem", StringComparison.Ordinal) || entry.Key.StartsWith("down", StringComparison.Ordinal))) TensorAssert.Equal(after[name], tensor, name);
        before.Count(entry => !after[entry.Key].Equals(entry.Value)).Should().Be(12, "the decoder's four norms have moved their mean, variance and count");
    }

    [Fact]
    public void A_network_in_evaluation_mode_as_a_whole_is_trained()
    {
        using var model = new UNet(Network);
        model.eval();
        new Trainer(model, new Squares(), new DiceCELoss(), weights => optim.SGD(weights, 0.01), new() { Epochs = 1, StepsPerEpoch = 1 }).Run();
        model.modules().Should().OnlyContain(module => module.training);
    }

    [Fact]
    public void A_window_and_a_comparison_of_levels_keep_them()
    {
        using var unet = new UNet(Network);
        Frozen(unet, "down");
        var modes = Modes(unet);
        using var image = rand(1, 40, 40);
        using var labels = new SlidingWindow { RoiSize = (16, 16) }.Labels(unet, image);
        Modes(unet).Should().Equal(modes);

        using var nested = new UNetPlusPlus(UNetPlusPlusOptions.Nested(1, 2, deepSupervision: true) with { Widths = [2, 4, 8] });
        Frozen(nested, "encoder");
        modes = Modes(nested);
        LevelComparison.Measure(nested, [(rand(1, 1, 16, 16), zeros([1, 16, 16], ScalarType.Int64))]);
        Modes(nested).Should().Equal(modes);
    }

    [Fact]
    public void A_module_that_stands_in_two_places_keeps_its_mode()
    {
        using var shared = BatchNorm2d(2);
        using var network = Sequential(("a", Sequential(("x", shared))), ("b", Sequential(("y", Sequential(("z", shared))))));
        shared.eval();
        ModuleModes.Evaluating(network).Dispose();
        shared.training.Should().BeFalse();
        network.training.Should().BeTrue();
        shared.train();
        network.named_modules().Single(entry => entry.name == "b").module.eval();
        shared.train();
        ModuleModes.Evaluating(network).Dispose();
        shared.training.Should().BeTrue();
    }

    [Theory]
    [InlineData(double.NaN, false)]
    [InlineData(double.PositiveInfinity, true)]
    [InlineData(double.NegativeInfinity, false)]
    public void A_score_that_is_no_number_ends_the_training(double score, bool lowerIsBetter)
    {
        using var model = new UNet(Network);
        Frozen(model, "down");
        var (modes, scores) = (Modes(model), new Queue<double>([0.5, score]));
        var options = new TrainerOptions { Epochs = 3, StepsPerEpoch = 2, Folder = folder.File("t"), LowerIsBetter = lowerIsBetter };
        var trainer = new Trainer(model, new Squares(), new DiceCELoss(), weights => optim.SGD(weights, 0.01), options) { Validate = _ => scores.Dequeue() };

        var error = trainer.Invoking(it => it.Run()).Should().Throw<TrainingDivergedException>().Which;

        error.Message.Should().StartWith("The validation score became ").And.Contain("in step 4").And.Contain("last.safetensors");
        Modes(model).Should().Equal(modes);
        using var best = SegmentationModel.FromFile(folder.File("t/best.safetensors"));
        best.state_dict().Values.Should().OnlyContain(tensor => tensor.isfinite().all().item<bool>());
    }

    private static void Frozen(nn.Module model, params string[] parts)
    {
        foreach (var (name, module) in model.named_children())
            if (parts.Contains(name)) module.eval();
    }

    private static Dictionary<string, bool> Modes(nn.Module model) => model.named_modules().Append(("", model)).ToDictionary(entry => entry.Item1, entry => entry.Item2.training);

    private static Dictionary<string, Tensor> Buffers(nn.Module model) => model.named_buffers().ToDictionary(entry => entry.name, entry => entry.buffer.detach().clone());
}
