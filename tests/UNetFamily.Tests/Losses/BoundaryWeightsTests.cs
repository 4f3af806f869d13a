namespace UNetFamily.Tests.Losses;

public class BoundaryWeightsTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Is_the_papers_formula_with_exact_distances(bool volume, bool inside)
    {
        using var scope = NewDisposeScope();
        manual_seed(9);
        int[] shape = volume ? [4, 5, 6] : [1, 9, 11];
        double[] spacing = volume ? [2.5, 1, 0.5] : [1, 1, 1];
        var labels = randint(-12, 4, [2, .. shape.Select(side => (long)side)], ScalarType.Int64).clamp_min(0);     // mostly background, three scattered cells
        var weights = new BoundaryWeights
        {
            W0 = 7, Sigma = 2, BackgroundWeight = 0.5, ForegroundWeight = 3, InsideCells = inside, Spacing = volume ? [2.5, 1, 0.5] : null,
        }.Of(volume ? labels : labels.squeeze(1));

        weights.dtype.Should().Be(ScalarType.Float32);
        weights.shape.Should().Equal((volume ? labels : labels.squeeze(1)).shape);
        var (label, actual) = (labels.data<long>().ToArray(), weights.data<float>().ToArray());
        var pixels = shape[0] * shape[1] * shape[2];
        for (var n = 0; n < 2; n++)
            for (var i = 0; i < pixels; i++)
            {
                var perCell = Enumerable.Range(1, 3)
                    .Select(cell => Enumerable.Range(0, pixels).Where(j => label[n * pixels + j] == cell).Select(j => Distance(i, j)).DefaultIfEmpty(double.PositiveInfinity).Min())
                    .Order().ToArray();
                var background = label[n * pixels + i] == 0;
                var expected = (background ? 0.5 : 3) + (background || inside ? 7 * Math.Exp(-Math.Pow(perCell[0] + perCell[1], 2) / 8) : 0);
                ((double)actual[n * pixels + i]).Should().BeApproximately(expected, 1e-5);
            }

        double Distance(int i, int j)
        {
            var (z, y, x) = (i / shape[2] / shape[1] - j / shape[2] / shape[1], i / shape[2] % shape[1] - j / shape[2] % shape[1], i % shape[2] - j % shape[2]);
            return Math.Sqrt(Math.Pow(z * spacing[0], 2) + Math.Pow(y * spacing[1], 2) + Math.Pow(x * spacing[2], 2));
        }
    }

    [Fact]
    public void One_cell_touches_nothing_and_no_cell_neither()
    {
        using var scope = NewDisposeScope();
        var labels = zeros([2, 5, 5], ScalarType.Int64);
        labels[0, 2, 2] = 7;
        var weights = new BoundaryWeights { ForegroundWeight = 4 }.Of(labels);
        weights[0, 2, 2].ToSingle().Should().Be(4);
        weights.sum().ToSingle().Should().Be(4 + 49);
        NoLeaks.During(() => new BoundaryWeights().Of(labels).Dispose()).Should().Be(0);
    }

    [Fact]
    public void Weighs_the_cross_entropy()
    {
        using var scope = NewDisposeScope();
        manual_seed(10);
        var instances = randint(0, 3, [1, 6, 6], ScalarType.Int64);
        var map = new BoundaryWeights().Of(instances);
        var (logits, classes) = (randn(1, 2, 6, 6), instances.gt(0).to(ScalarType.Int64));
        var perPixel = -logits.log_softmax(1).gather(1, classes.unsqueeze(1)).squeeze(1);
        var expected = (perPixel * map).sum() / map.sum();
        new SoftmaxCrossEntropyLoss().Of(logits, classes, map).ToSingle().Should().BeApproximately(expected.ToSingle(), 1e-5f);
    }

    [Fact]
    public void Refuses_what_does_not_fit()
    {
        using var scope = NewDisposeScope();
        FluentActions.Invoking(() => new BoundaryWeights().Of(zeros(1, 4, 4))).Should().Throw<ArgumentException>().WithMessage("instances must be whole numbers*Float32 (1, 4, 4)*");
        FluentActions.Invoking(() => new BoundaryWeights { Sigma = 0 }.Of(zeros([1, 4, 4], ScalarType.Int64))).Should().Throw<ArgumentException>().WithMessage("Sigma must be above 0*");
        FluentActions.Invoking(() => new BoundaryWeights { Spacing = [1, 1, 1] }.Of(zeros([1, 4, 4], ScalarType.Int64))).Should().Throw<ArgumentException>().WithMessage("spacing has 3 values, there are 2 axes*");
    }
}
