using System.Reflection;

namespace UNetFamily.Tests.Checkpoints;

/// <summary>Whatever a choice's factories make can be saved, and comes back.</summary>
public sealed class ChoiceFileTests : FileTests
{
    public static TheoryData<string, string> Properties()
    {
        var data = new TheoryData<string, string>();
        foreach (var options in Choices.Networks)
            foreach (var property in Choices.Of(options.GetType())) data.Add(options.GetType().Name, property.Name);
        return data;
    }

    [Theory]
    [MemberData(nameof(Properties))]
    public void Every_choice_that_can_be_made_comes_back_as_it_was(string options, string property)
    {
        var (usual, choice) = Find(options, property);
        foreach (var value in AllOf(choice.PropertyType))
        {
            var changed = usual.With(choice, value);
            OptionsJson.Read(Network(options), OptionsJson.Write(changed), long.MaxValue).Should().Be(changed, "that is {0}", value);
        }
    }

    [Theory]
    [MemberData(nameof(Properties))]
    public void A_network_with_it_comes_back_from_a_file(string options, string property)
    {
        var (usual, choice) = Find(options, property);
        var built = 0;
        foreach (var value in Choices.FactoriesOf(choice.PropertyType).Select(factory => Choices.MadeBy(factory).First()).Concat(Choices.ConstantsOf(choice.PropertyType).Select(constant => constant.GetValue(null)!)))
        {
            var changed = usual.With(choice, value);
            if (changed.Problems().Any()) continue;
            using var saved = changed.Build();
            saved.Save(folder.File("a.safetensors"));
            using var loaded = SegmentationModel.FromFile(folder.File("a.safetensors"));
            loaded.Options.Should().Be(changed);
            built++;
        }
        built.Should().BeGreaterThan(1);
    }

    [Fact]
    public void The_tests_know_every_family_and_factory()
    {
        var families = Choices.Networks.SelectMany(options => Choices.Of(options.GetType())).Select(property => property.PropertyType).Distinct().ToArray();
        families.Should().BeEquivalentTo([typeof(Normalization), typeof(Activation), typeof(Upsampling), typeof(Initialization), typeof(Regularization)]);
        families.SelectMany(Choices.FactoriesOf).Should().HaveCountGreaterThan(8);
    }

    [Fact]
    public void A_choice_takes_no_number_that_a_file_can_not_hold()
    {
        foreach (var factory in Choices.Networks.SelectMany(options => Choices.Of(options.GetType())).Select(property => property.PropertyType).Distinct().SelectMany(Choices.FactoriesOf))
        {
            var parameters = factory.GetParameters();
            for (var i = 0; i < parameters.Length; i++)
            {
                if ((Nullable.GetUnderlyingType(parameters[i].ParameterType) ?? parameters[i].ParameterType) != typeof(double)) continue;
                object?[] arguments = [.. parameters.Select((parameter, at) => at == i ? double.NaN : parameter.HasDefaultValue ? parameter.DefaultValue : 0.5)];
                factory.Invoking(it => it.Invoke(null, arguments)).Should().Throw<TargetInvocationException>().WithInnerException<ArgumentOutOfRangeException>()
                    .Which.ParamName.Should().Be(parameters[i].Name);
            }
        }
    }

    [Fact]
    public void A_trainer_says_before_the_first_step_that_its_network_can_not_be_saved()
    {
        using var model = new Strange(new StrangeOptions { InChannels = 1, OutChannels = 2 });
        var steps = 0;
        var trainer = new Trainer(model, new Training.Squares(), new DiceCELoss(), weights => optim.SGD(weights, 0.1), new() { Epochs = 1, StepsPerEpoch = 1, Folder = folder.File("training") });

        trainer.Invoking(it => it.Run(new Training.Reports(_ => steps++))).Should().Throw<NotSupportedException>().WithMessage("*Func*");

        steps.Should().Be(0);
        Directory.Exists(folder.File("training")).Should().BeFalse();
    }

    private static (SegmentationModelOptions Usual, PropertyInfo Choice) Find(string options, string property)
    {
        var usual = Choices.Networks.Single(network => network.GetType().Name == options);
        return (usual, usual.GetType().GetProperty(property)!);
    }

    private static string Network(string options) => options[..^"Options".Length];

    private static IEnumerable<object> AllOf(Type family) => Choices.FactoriesOf(family).SelectMany(Choices.MadeBy).Concat(Choices.ConstantsOf(family).Select(constant => constant.GetValue(null)!));

    private sealed record StrangeOptions : SegmentationModelOptions
    {
        public Func<int> Secret { get; init; } = () => 1;

        public override SegmentationModel Build() => new Strange(this);
    }

    private sealed class Strange : SegmentationModel
    {
        private readonly TorchSharp.Modules.Conv2d head;

        public Strange(StrangeOptions options) : base(options)
        {
            head = Conv2d(options.InChannels, options.OutChannels, 1);
            RegisterComponents();
        }

        public override InputSizes InputSizes => InputSizes.AtLeast(SpatialDims.Two, 1);

        protected override SegmentationMaps Flow(FeatureMap x) => x.Through(head);
    }
}
