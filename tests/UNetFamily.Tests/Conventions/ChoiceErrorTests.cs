namespace UNetFamily.Tests.Conventions;

/// <summary>A choice that doesn't fit the others is an error of the network that names the option.</summary>
public class ChoiceErrorTests
{
    public static TheoryData<string> Networks() => new(Choices.Networks.Select(options => options.GetType().Name));

    [Theory]
    [MemberData(nameof(Networks))]
    public void Errors_of_choices_name_network_and_option(string network)
    {
        var usual = Choices.Networks.Single(options => options.GetType().Name == network);
        var (built, refused) = (0, 0);
        foreach (var property in Choices.Of(usual.GetType()))
        {
            var values = Choices.FactoriesOf(property.PropertyType).SelectMany(Choices.MadeBy).Concat(Choices.ConstantsOf(property.PropertyType).Select(constant => constant.GetValue(null)!));
            if (property.PropertyType == typeof(Normalization)) values = values.Concat([Normalization.Group(3), Normalization.Group(7), Normalization.Group(1000)]);
            foreach (var value in values)
            {
                try
                {
                    using var model = usual.With(property, value).Build();
                    built++;
                }
                catch (ArgumentException e)
                {
                    e.Message.Should().StartWith($"{network[..^"Options".Length]}: ").And.Contain(property.Name, "that is {0}", value);
                    refused++;
                }
            }
        }
        built.Should().BePositive();
        if (usual.GetType().GetProperty("Norm") is not null) refused.Should().BeGreaterThanOrEqualTo(2, "no network here has channels that 7 or 1000 groups divide");
    }

    [Fact]
    public void The_nearest_number_of_groups_is_one_that_fits_everywhere()
    {
        var options = UNetOptions.Milesial(1, 2) with { Widths = [6, 12, 30], Norm = Normalization.Group(4) };
        options.Invoking(it => it.Build()).Should().Throw<ArgumentException>().WithMessage("UNet: Norm: 4 groups do not divide 6, 12, 30 channels. Nearest: 3.");
        using var fits = (options with { Norm = Normalization.Group(3) }).Build();
    }

    [Theory]
    [MemberData(nameof(SmallVariants.Names), MemberType = typeof(SmallVariants))]
    public void An_input_of_another_type_or_device_than_the_weights_is_said(string name)
    {
        using var scope = NewDisposeScope();
        using var model = SmallVariants.Of(name).Build();
        var input = rand([1, model.Options.InChannels, .. SmallVariants.Size(model)]);
        foreach (var (other, text) in new[] { (input.to(ScalarType.Float64), "input is of Float64 on cpu"), (input.to(ScalarType.BFloat16), "input is of BFloat16 on cpu"), (input.to(new Device("meta")), "input is of Float32 on meta") })
        {
            var error = model.Invoking(it => it.call(other)).Should().Throw<ArgumentException>().Which;
            error.Message.Should().StartWith($"{model.GetName()} has weights of Float32 on cpu; {text}").And.Contain("input.to(ScalarType.Float32, new Device(\"cpu\"))");
            error.ParamName.Should().Be("input");
        }
        model.to(ScalarType.Float64);
        model.Invoking(it => it.call(input)).Should().Throw<ArgumentException>().WithMessage("*has weights of Float64 on cpu; input is of Float32 on cpu*");
        model.call(input.to(ScalarType.Float64)).Dispose();
    }

    [Fact]
    public void A_label_out_of_range_names_what_the_caller_gave()
    {
        using var scope = NewDisposeScope();
        var (logits, wrong) = (rand(1, 3, 4, 4), full([1, 4, 4], 3, ScalarType.Int64));
        var losses = typeof(SegmentationLoss).Assembly.GetTypes().Where(type => type.IsPublic && !type.IsAbstract && type.IsSubclassOf(typeof(SegmentationLoss))).ToArray();
        losses.Should().HaveCountGreaterThan(6);
        foreach (var loss in losses.Select(type => (SegmentationLoss)Activator.CreateInstance(type)!))
            loss.Invoking(it => it.Of(logits, wrong)).Should().Throw<ArgumentException>().WithMessage("target must be 0 to 2; it is 3 to 3.*").Which.ParamName.Should().Be("target", "that is {0}", loss);
        new DeepSupervisionLoss(new DiceCELoss(), SupervisionWeights.NnUNet).Invoking(it => it.Of(new SegmentationOutput(logits), wrong)).Should().Throw<ArgumentException>().Which.ParamName.Should().Be("target");

        using var nested = new UNetPlusPlus(UNetPlusPlusOptions.Nested(1, 2, deepSupervision: true) with { Widths = [2, 4, 8] });
        FluentActions.Invoking(() => LevelComparison.Measure(nested, [(rand(1, 1, 8, 8), full([1, 8, 8], 2, ScalarType.Int64))])).Should().Throw<ArgumentException>().Which.ParamName.Should().Be("validation");
        var metrics = new SegmentationMetrics(new MetricOptions { Classes = ["a", "b"], EmptyClass = EmptyClass.Skip, MissingSurface = MissingSurface.ImageDiagonal });
        metrics.Invoking(it => it.Add("case", zeros([4, 4], ScalarType.Int64), full([4, 4], 2, ScalarType.Int64), 1, 1)).Should().Throw<ArgumentException>().Which.ParamName.Should().Be("truth");
    }
}
