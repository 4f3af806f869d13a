using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.Models.UNet3Plus;

public class UNet3PlusTests
{
    private static UNet3PlusOptions Small(SpatialDims dims = SpatialDims.Two) => new()
    {
        InChannels = 2,
        OutChannels = 3,
        SpatialDims = dims,
        Widths = [3, 4, 5],
        SkipWidth = 2,
        DeepSupervision = true,
        ClassificationGuided = true,
        ClassifierDropout = 0,
    };

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Every_map_has_the_size_of_the_input_and_exactly_the_maps_stay(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        using var model = Small(dims).Build();
        long[] size = dims is SpatialDims.Two ? [8, 12] : [8, 4, 12];
        var input = randn([2, 2, .. size]);
        var output = model.call(input);
        output.FinestFirst.Should().HaveCount(3).And.OnlyContain(map => map.shape.SequenceEqual(new[] { 2L, 3 }.Concat(size)));
        NoLeaks.During(() => model.call(input)).Should().Be(3);
        NoLeaks.DuringTraining(model, input).Should().Be(0);
        model.Describe(size).UsesSizes.Should().BeFalse();
    }

    [Theory]
    [InlineData("unet3plus-ds-cgm-w8")]
    [InlineData("unet3plus-ds-cgm-w8-train")]
    public void The_classifier_scores_as_the_original_and_decides_what_is_switched_off(string name)
    {
        using var scope = NewDisposeScope();
        var source = ReferenceCases.Find(ReferenceCases.FolderOf("unet3plus"), name);
        var (options, shape) = (UNet3PlusReference.Options(source), source.InputShapes[0]);
        using var model = options.Build();
        var keys = UNet3PlusKeyMaps.Official(options);
        using (no_grad())
            foreach (var (key, tensor) in model.state_dict()) tensor.copy_(DeterministicFill.Values(keys.ToOfficial(key), tensor.shape));
        model.train(source.IsTraining);
        foreach (var dropout in model.modules().OfType<TorchSharp.Modules.Dropout>()) dropout.eval();
        var input = DeterministicFill.Input("input", shape);

        var scores = model.Classify(input);
        using var data = source.Data();
        TensorAssert.Close(scores.sigmoid(), data.Read("aux.cls"), 1e-5);
        NoLeaks.During(() => model.Classify(input)).Should().Be(1);

        var on = scores.argmax(1);
        foreach (var map in model.call(input).FinestFirst) (map.abs().amax([1, 2, 3]) > 0).to(ScalarType.Int64).Equals(on).Should().BeTrue("what is switched off is 0, and only that");
    }

    [Fact]
    public void The_classifier_learns_from_its_scores_alone()
    {
        using var scope = NewDisposeScope();
        using var model = Small().Build();
        var input = randn(2, 2, 8, 8);
        var classifier = model.named_parameters().Where(entry => entry.name.StartsWith("classifier", StringComparison.Ordinal)).Select(entry => entry.parameter).ToArray();
        classifier.Should().HaveCount(2);
        model.call(input).Logits.sum().backward();
        classifier.Count(parameter => parameter.grad is not null).Should().Be(0);
        functional.cross_entropy(model.Classify(input), tensor(new long[] { 0, 1 })).backward();
        classifier.Should().OnlyContain(parameter => parameter.grad!.abs().max().ToDouble() > 0);
    }

    [Fact]
    public void What_cannot_be_is_said()
    {
        using var plain = (Small() with { ClassificationGuided = false }).Build();
        plain.Invoking(model => model.Classify(zeros(1, 2, 8, 8))).Should().Throw<InvalidOperationException>().WithMessage("UNet3Plus has no classifier: build it with ClassificationGuided.");
        plain.Invoking(model => model.call(zeros(1, 2, 8, 9))).Should().Throw<ArgumentException>().WithMessage("UNet3Plus: width of input (axis 3) is 9; it takes multiples of 4. Nearest: 8 or 12.*");
        FluentActions.Invoking((Small() with { Widths = [4], SkipWidth = 0, ClassifierDropout = 1 }).Build).Should().Throw<ArgumentException>()
            .WithMessage("UNet3Plus: Widths needs two levels or more, has 1. SkipWidth must be positive, is 0. ClassifierDropout must be from 0 to below 1, is 1.*");
    }
}
