namespace UNetFamily.Tests.Models.Composed;

public class WeightedResUNetTests
{
    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void The_blocks_suffice_for_a_network_without_code(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var model = new WeightedResUNetOptions { InChannels = 2, OutChannels = 3, SpatialDims = dims, Widths = [4, 6, 8] }.Build();
        model.to(ScalarType.Float64);
        long[] size = dims is SpatialDims.Two ? [16, 24] : [8, 16, 8];
        var input = randn([2, 2, .. size], ScalarType.Float64);
        BlockCheck.Holds(model, () => model.call(input).Logits, [2, 3, .. size]);
        NoLeaks.DuringTraining(model, input).Should().Be(0);

        var graph = model.Describe(size);
        graph.UsesSizes.Should().BeFalse();
        model.eval();
        TensorAssert.Close(graph.Run(input)[0], model.call(input).Logits, 1e-12);
        var summary = model.Summary(size);
        summary.Layers.Sum(layer => layer.Parameters).Should().Be(summary.Parameters);
    }

    [Fact]
    public void It_learns()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var model = new WeightedResUNetOptions { InChannels = 1, OutChannels = 2, Widths = [4, 8, 8] }.Build();
        var input = randn(2, 1, 32, 32);
        var target = input.squeeze(1).gt(0).to(ScalarType.Int64);
        using var optimizer = optim.AdamW(model.parameters(), 0.01);
        var losses = Enumerable.Range(0, 30).Select(_ => Step()).ToArray();
        losses[^1].Should().BeLessThan(losses[0] / 2);

        double Step()
        {
            using var step = NewDisposeScope();
            optimizer.zero_grad();
            var loss = functional.cross_entropy(model.call(input).Logits, target);
            loss.backward();
            optimizer.step();
            return loss.ToDouble();
        }
    }
}
