namespace UNetFamily.Tests.Metrics;

public class DistanceTransformTests
{
    public static TheoryData<long[], double[]> Grids => new()
    {
        { [7, 9], [1, 1] },
        { [9, 1], [0.3, 5] },
        { [1, 8], [2, 0.7] },
        { [4, 5, 6], [1, 1, 1] },
        { [5, 4, 7], [3.3, 0.7, 0.45] },
    };

    [Theory]
    [MemberData(nameof(Grids))]
    public void Is_the_brute_force_distance(long[] shape, double[] spacing)
    {
        using var scope = NewDisposeScope();
        manual_seed(11);
        foreach (var density in (double[])[0.02, 0.1, 0.6])
        {
            var mask = rand(shape).lt(density);
            mask.flatten()[0] = true;
            var sites = Positions(mask);
            var actual = DistanceTransform.To(mask, spacing);
            actual.shape.Should().Equal(shape);
            var distances = actual.data<double>().ToArray();
            var all = Positions(ones_like(mask));
            for (var i = 0; i < distances.Length; i++)
                distances[i].Should().BeApproximately(sites.Min(site => Distance(site, all[i])), 1e-12);
        }

        List<long[]> Positions(Tensor mask) => [.. Enumerable.Range(0, (int)mask.nonzero().shape[0]).Select(row => mask.nonzero()[row].data<long>().ToArray())];

        double Distance(long[] a, long[] b) => Math.Sqrt(a.Zip(b).Zip(spacing).Sum(axis => Math.Pow((axis.First.First - axis.First.Second) * axis.Second, 2)));
    }

    [Fact]
    public void Is_infinite_without_a_mask_and_zero_within()
    {
        using var scope = NewDisposeScope();
        DistanceTransform.To(zeros(3, 4)).isinf().all().ToBoolean().Should().BeTrue();
        DistanceTransform.To(ones(3, 4)).eq(0).all().ToBoolean().Should().BeTrue();
        NoLeaks.During(() => DistanceTransform.To(ones(3, 4)).Dispose()).Should().Be(1, "the mask of this test is the only tensor left");
        FluentActions.Invoking(() => DistanceTransform.To(ones(3, 4), 1, 0)).Should().Throw<ArgumentException>().WithMessage("spacing must be above 0; it is (1, 0)*");
    }
}
