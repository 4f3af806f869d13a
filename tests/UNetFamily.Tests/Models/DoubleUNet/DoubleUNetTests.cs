using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Models.DoubleUNet;

public class DoubleUNetTests
{
    private static DoubleUNetOptions Small(SpatialDims dims = SpatialDims.Two, long classes = 1) => new()
    {
        InChannels = 2,
        OutChannels = classes,
        SpatialDims = dims,
        VggWidths = [3, 4, 5],
        VggConvs = [1, 2, 1],
        Widths = [4, 6],
        PyramidWidth = 3,
        Dilations = [1, 2],
        Reduction = 2,
    };

    [Theory]
    [InlineData(SpatialDims.Two, 1)]
    [InlineData(SpatialDims.Two, 3)]
    [InlineData(SpatialDims.Three, 1)]
    public void Both_networks_give_logits_of_full_size_and_exactly_these_stay(SpatialDims dims, long classes)
    {
        using var scope = NewDisposeScope();
        using var model = Small(dims, classes).Build();
        long[] size = dims is SpatialDims.Two ? [8, 12] : [8, 4, 12];
        var input = randn([2, 2, .. size]);
        model.call(input).FinestFirst.Should().HaveCount(2).And.OnlyContain(map => map.shape.SequenceEqual(new[] { 2, classes }.Concat(size)));
        NoLeaks.During(() => model.call(input)).Should().Be(2);
        NoLeaks.DuringTraining(model, input).Should().Be(0);
        model.Describe(size).UsesSizes.Should().BeFalse();
        model.Summary(size).ReceptiveField.IsWholeImage.Should().BeTrue("squeeze and excitation sees all of it");
    }

    [Fact]
    public void The_first_encoder_takes_torchvisions_weights_and_nothing_else_changes()
    {
        using var scope = NewDisposeScope();
        using var model = Small().Build();
        var before = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        // A pool stands at 2 and 7, and a ReLU after each convolution.
        var file = new Dictionary<string, Tensor>
        {
            ["features.0.weight"] = randn(3, 2, 3, 3), ["features.0.bias"] = randn(3),
            ["features.3.weight"] = randn(4, 3, 3, 3), ["features.3.bias"] = randn(4),
            ["features.5.weight"] = randn(4, 4, 3, 3), ["features.5.bias"] = randn(4),
            ["features.8.weight"] = randn(5, 4, 3, 3), ["features.8.bias"] = randn(5),
            ["classifier.0.weight"] = randn(7, 5), ["classifier.0.bias"] = randn(7),
        };
        using (var checkpoint = Open(file)) model.LoadVgg(checkpoint).IsComplete.Should().BeTrue();

        var after = model.state_dict();
        foreach (var (ours, theirs) in new[] { ("0.conv0", 0), ("1.conv0", 3), ("1.conv1", 5), ("2.conv0", 8) })
            foreach (var part in new[] { "weight", "bias" }) TensorAssert.Equal(after[$"encoder1.{ours}.conv.{part}"], file[$"features.{theirs}.{part}"]);
        foreach (var (key, tensor) in after.Where(entry => !entry.Key.StartsWith("encoder1", StringComparison.Ordinal))) TensorAssert.Equal(tensor, before[key], key);

        file["features.8.weight"] = randn(5, 5, 3, 3);
        using var wrong = Open(file);
        model.Invoking(m => m.LoadVgg(wrong)).Should().Throw<CheckpointMismatchException>().WithMessage("*features.8.weight*");

        static Checkpoint Open(Dictionary<string, Tensor> entries)
        {
            using var stream = new MemoryStream();
            SafetensorsWriter.Write(stream, entries.Select(entry => SafetensorsItem.Of(entry.Key, entry.Value)), new Dictionary<string, string>());
            return TestFiles.Open(stream.ToArray());
        }
    }

    [Fact]
    public void Its_encoder_is_VGG_19_by_number()
    {
        var keys = DoubleUNetKeyMaps.Torchvision(new() { InChannels = 3, OutChannels = 1 });
        keys.ToOurs("features.0.weight").Should().Be("0.conv0.conv.weight");
        keys.ToOurs("features.34.bias").Should().Be("4.conv3.conv.bias");
        keys.ToOurs("classifier.6.weight").Should().BeNull();
    }

    [Fact]
    public void A_closed_mask_hides_the_image_from_the_second_network()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = Small().Build();
        model.eval();
        var head = model.named_parameters().Where(entry => entry.name.StartsWith("head1", StringComparison.Ordinal)).ToDictionary(entry => entry.name, entry => entry.parameter);
        head["head1.weight"].zero_();
        head["head1.bias"].fill_(-1e4);
        // What the first network's skips still bring is silenced.
        foreach (var (_, parameter) in model.named_parameters().Where(entry => entry.name.StartsWith("encoder1", StringComparison.Ordinal))) parameter.zero_();
        TensorAssert.Equal(model.call(randn(1, 2, 8, 8)).Logits, model.call(randn(1, 2, 8, 8)).Logits);
    }

    [Fact]
    public void Problems_are_all_named() =>
        FluentActions.Invoking((Small() with { VggWidths = [3, 0], VggConvs = [1], PyramidWidth = 0, Dilations = [0], Reduction = 0 }).Build).Should().Throw<ArgumentException>()
            .WithMessage("DoubleUNet: VggWidths needs one level more than Widths, 3; it has 2. VggConvs needs an entry for each of the 2 VggWidths, has 1. VggWidths must be positive, are [3, 0]. "
                + "PyramidWidth must be positive, is 0. Dilations must be positive, are [0]. Reduction must be positive, is 0.*");
}
