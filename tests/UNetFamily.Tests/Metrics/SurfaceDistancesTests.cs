namespace UNetFamily.Tests.Metrics;

public class SurfaceDistancesTests
{
    public static TheoryData<long[], double[]> Grids => new()
    {
        { [9, 11], [1, 1] },
        { [10, 8], [0.4, 2.5] },
        { [5, 6, 7], [1, 1, 1] },
        { [4, 7, 6], [5, 0.8, 0.8] },
        { [1, 6, 7], [5, 0.8, 0.8] },
    };

    [Theory]
    [MemberData(nameof(Grids))]
    public void Are_the_brute_force_distances(long[] shape, double[] spacing)
    {
        using var scope = NewDisposeScope();
        manual_seed(12);
        foreach (var density in (double[])[0.05, 0.4, 0.9])
        {
            var (predicted, truth) = (rand(shape).lt(density), rand(shape).lt(density));
            var surfaces = SurfaceDistances.Between(predicted, truth, spacing);

            var (a, b) = (Surface(predicted), Surface(truth));
            if (a.Count == 0 || b.Count == 0) continue;
            var forward = a.Select(from => b.Min(to => Distance(from, to))).Order().ToArray();
            var back = b.Select(from => a.Min(to => Distance(from, to))).Order().ToArray();
            Same(surfaces.FromPredicted, forward);
            Same(surfaces.FromTruth, back);

            surfaces.Hausdorff().Should().BeApproximately(Math.Max(forward[^1], back[^1]), 1e-12);
            // libtorch's quantile is an independent formula of the interpolated percentile.
            var expected = Math.Max(tensor(forward).quantile(tensor(0.95, ScalarType.Float64)).ToDouble(), tensor(back).quantile(tensor(0.95, ScalarType.Float64)).ToDouble());
            surfaces.Hausdorff(95).Should().BeApproximately(expected, 1e-12);
            surfaces.Average.Should().BeApproximately((forward.Sum() + back.Sum()) / (forward.Length + back.Length), 1e-12);
            foreach (var tolerance in (double[])[0, 0.9, 1.3])
                surfaces.Dice(tolerance).Should().BeApproximately((forward.Count(d => d <= tolerance) + back.Count(d => d <= tolerance)) / (double)(forward.Length + back.Length), 1e-12);
        }

        static void Same(IReadOnlyList<double> actual, double[] expected) =>
            actual.Zip(expected, (x, y) => Math.Abs(x - y)).DefaultIfEmpty(0).Max().Should().BeLessThan(actual.Count == expected.Length ? 1e-12 : double.NegativeInfinity);

        double Distance(long[] from, long[] to) => Math.Sqrt(from.Zip(to).Zip(spacing).Sum(axis => Math.Pow((axis.First.First - axis.First.Second) * axis.Second, 2)));

        // Pixels of the mask with a face neighbour that is not in it, or outside of the image.
        List<long[]> Surface(Tensor mask)
        {
            var positions = mask.nonzero();
            var inside = Enumerable.Range(0, (int)positions.shape[0]).Select(row => positions[row].data<long>().ToArray()).ToList();
            var known = inside.Select(at => string.Join(',', at)).ToHashSet();
            return [.. inside.Where(at => Enumerable.Range(0, at.Length).Any(axis => !Has(at, axis, -1) || !Has(at, axis, 1)))];

            bool Has(long[] at, int axis, int step)
            {
                var neighbour = (long[])at.Clone();
                neighbour[axis] += step;
                return known.Contains(string.Join(',', neighbour));
            }
        }
    }

    [Fact]
    public void Are_infinite_for_one_empty_mask_and_no_number_for_two()
    {
        using var scope = NewDisposeScope();
        var (mask, none) = (ones(4, 5), zeros(4, 5));
        foreach (var surfaces in (SurfaceDistances[])[SurfaceDistances.Between(mask, none), SurfaceDistances.Between(none, mask)])
        {
            surfaces.Hausdorff().Should().Be(double.PositiveInfinity);
            surfaces.Hausdorff(95).Should().Be(double.PositiveInfinity, "a percentile of infinities is one");
            surfaces.Average.Should().Be(double.PositiveInfinity);
            surfaces.Dice(3).Should().Be(0);
        }
        var empty = SurfaceDistances.Between(none, none);
        new[] { empty.Hausdorff(), empty.Hausdorff(95), empty.Average, empty.Dice(3) }.Should().OnlyContain(score => double.IsNaN(score));
    }

    [Fact]
    public void Refuse_what_does_not_fit()
    {
        using var scope = NewDisposeScope();
        var mask = ones(4, 5);
        FluentActions.Invoking(() => SurfaceDistances.Between(mask, ones(5, 4))).Should().Throw<ArgumentException>().WithMessage("*they are (4, 5) and (5, 4).*");
        FluentActions.Invoking(() => SurfaceDistances.Between(mask, mask, 1, 2, 3)).Should().Throw<ArgumentException>().WithMessage("spacing has 3 values, there are 2 axes*");
        FluentActions.Invoking(() => SurfaceDistances.Between(mask, mask).Hausdorff(0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => SurfaceDistances.Between(mask, mask).Dice(-1)).Should().Throw<ArgumentOutOfRangeException>();
        NoLeaks.During(() => SurfaceDistances.Between(mask, mask)).Should().Be(0);
    }
}
