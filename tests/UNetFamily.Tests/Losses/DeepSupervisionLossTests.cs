namespace UNetFamily.Tests.Losses;

public class DeepSupervisionLossTests
{
    [Fact]
    public void Knows_the_weightings_of_the_field()
    {
        Weights(SupervisionWeights.NnUNet, 4).Should().Equal(4 / 7.0, 2 / 7.0, 1 / 7.0, 0);
        Weights(SupervisionWeights.NnUNet, 1).Should().Equal(1);
        Weights(SupervisionWeights.Halves, 3).Should().Equal([4 / 7.0, 2 / 7.0, 1 / 7.0], "that is UNETR++'s");
        Weights(SupervisionWeights.Same, 3).Should().Equal(1, 1, 1);
        Weights(SupervisionWeights.Exp, 6).Should().Equal(1, 0.5, 0.25, 0.125, 0.0625, 0.0625);
        Weights(SupervisionWeights.Two, 3).Should().Equal(1, 0.5, 0.5);
        Weights(SupervisionWeights.Of(3, 0, 1), 3).Should().Equal(3, 0, 1);
        SupervisionWeights.Of(1, 2).Should().Be(SupervisionWeights.Of(1, 2));

        FluentActions.Invoking(() => SupervisionWeights.Of(1, 2).For(3)).Should().Throw<ArgumentException>().WithMessage("There are 2 weights of deep supervision, and 3 maps*");
        FluentActions.Invoking(() => SupervisionWeights.Of(1, -2)).Should().Throw<ArgumentException>().WithMessage("*[1, -2]*");

        static double[] Weights(SupervisionWeights weights, int maps) => [.. weights.For(maps)];
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Sums_the_losses_of_targets_resampled_to_each_map(int dims)
    {
        using var scope = NewDisposeScope();
        manual_seed(8);
        long[] size = [9, 8, 6], half = [4, 4, 6], quarter = [2, 2, 3];
        Array.Resize(ref size, dims);
        Array.Resize(ref half, dims);
        Array.Resize(ref quarter, dims);
        var output = new SegmentationOutput(Map(size), Map(half), Map(quarter));
        var classes = randint(0, 3, [2, .. size], ScalarType.Int64);
        var weights = rand([2, .. size], ScalarType.Float64);
        var loss = new SoftmaxCrossEntropyLoss();
        var supervised = new DeepSupervisionLoss(loss, SupervisionWeights.Of(0.5, 0.3, 0.2));

        var expected = 0.5 * loss.Of(output.Logits, classes, weights).ToDouble()
            + 0.3 * loss.Of(output.Auxiliary[0], Picked(classes, half), Picked(weights, half)).ToDouble()
            + 0.2 * loss.Of(output.Auxiliary[1], Picked(classes, quarter), Picked(weights, quarter)).ToDouble();
        supervised.Of(output, classes, weights).ToDouble().Should().BeApproximately(expected, 1e-12);

        var oneHot = functional.one_hot(classes, 3).movedim([-1], [1]);
        supervised.Of(output, oneHot, weights).ToDouble().Should().BeApproximately(expected, 1e-12);
        NoLeaks.During(() => supervised.Of(output, classes).Dispose()).Should().Be(0);

        Tensor Map(long[] shape) => randn([2, 3, .. shape], ScalarType.Float64);

        // The pixel in whose area the centre of the new one lies, axis by axis.
        Tensor Picked(Tensor map, long[] to)
        {
            for (var axis = 0; axis < to.Length; axis++)
            {
                var scale = (double)size[axis] / to[axis];
                map = stack([.. Enumerable.Range(0, (int)to[axis]).Select(i => map.select(axis + 1, (long)Math.Floor((i + 0.5) * scale)))], axis + 1);
            }
            return map;
        }
    }

    [Fact]
    public void A_map_without_weight_gets_no_gradient()
    {
        using var scope = NewDisposeScope();
        var (fine, coarse) = (randn(1, 2, 4, 4).requires_grad_(), randn(1, 2, 2, 2).requires_grad_());
        new DeepSupervisionLoss(new DiceLoss(), SupervisionWeights.NnUNet).Of(new SegmentationOutput(fine, coarse), ones([1, 4, 4], ScalarType.Int64)).backward();
        fine.grad!.abs().sum().ToDouble().Should().BePositive();
        (coarse.grad is null).Should().BeTrue();
    }

    [Fact]
    public void Says_which_target_does_not_fit()
    {
        using var scope = NewDisposeScope();
        var output = new SegmentationOutput(randn(1, 2, 4, 4), randn(1, 2, 2, 2));
        FluentActions.Invoking(() => new DeepSupervisionLoss(new DiceLoss(), SupervisionWeights.Same).Of(output, ones([1, 4, 5], ScalarType.Int64)))
            .Should().Throw<ArgumentException>().WithMessage("target must be (1, 4, 4)*");
    }
}
