namespace UNetFamily.Tests.Metrics;

public class SurfaceDistancesTests
{
    public static TheoryData<long[], double[]> Grids => new()
    {
        { [9, 11], [1, 1] },
        { [10, 8], [0.4, 2.5] },
        { [5, 6, 7], [1, 1, 1] },
        { [4, 7, 6], [5, 0.8, 0.8] },
        { [2, 6, 7], [5, 0.8, 0.8] },
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

    [Theory]
    [InlineData(0.1, 3)]
    [InlineData(0.7, 3)]
    [InlineData(1.1, 3)]
    [InlineData(0.3, 7)]
    [InlineData(1.7, 11)]
    public void A_distance_of_exactly_the_tolerance_is_within_it(double step, int steps)
    {
        using var scope = NewDisposeScope();
        var (one, other) = (zeros([4, 30], ScalarType.Byte), zeros([4, 30], ScalarType.Byte));
        one[1, 2] = 1;
        other[1, 2 + steps] = 1;
        // As a program has it, and as a file has it in single precision.
        foreach (var spacing in (double[])[step, (float)step])
            foreach (var tolerance in (double[])[steps * step, (float)(steps * step), double.Parse((steps * step).ToString("0.####", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture)])
            {
                SurfaceDistances.Between(one, other, 1, spacing).Dice(tolerance).Should().Be(1, "{0} steps of {1} are {2}", steps, spacing, tolerance);
                SurfaceDistances.Between(one, other, 1, spacing).Dice(0.999 * tolerance).Should().Be(0);
            }
        var diagonal = SurfaceDistances.Between(one, other.roll(1, 0), step * steps, step);
        diagonal.Dice(Math.Sqrt(2) * steps * step).Should().Be(1);
    }

    [Fact]
    public void A_volume_of_one_slice_is_an_image()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var (predicted, truth) = (zeros([9, 11], ScalarType.Byte), zeros([9, 11], ScalarType.Byte));
        predicted.narrow(0, 1, 6).narrow(1, 2, 7).fill_(1);
        truth.narrow(0, 2, 6).narrow(1, 2, 8).fill_(1);
        var image = SurfaceDistances.Between(predicted, truth, 0.8, 0.5);
        foreach (var (axis, spacing) in new[] { (0, new[] { 5, 0.8, 0.5 }), (1, [0.8, 5, 0.5]), (2, [0.8, 0.5, 5]) })
        {
            var volume = SurfaceDistances.Between(predicted.unsqueeze(axis), truth.unsqueeze(axis), spacing);
            volume.FromPredicted.Should().Equal(image.FromPredicted);
            volume.FromTruth.Should().Equal(image.FromTruth);

            var options = new MetricOptions { Classes = ["none", "one"], EmptyClass = EmptyClass.Skip, MissingSurface = MissingSurface.ImageDiagonal, Tolerance = [0.5] };
            var metrics = new SegmentationMetrics(options);
            var expected = metrics.Add("image", predicted, truth, 0.8, 0.5)[0].Scores;
            metrics.Add("volume", predicted.unsqueeze(axis), truth.unsqueeze(axis), spacing)[0].Scores.Should().Be(expected);
            metrics.Add("missed", zeros_like(predicted).unsqueeze(axis), truth.unsqueeze(axis), spacing)[0].Scores.Hausdorff.Should().Be(metrics.Add("missed", zeros_like(predicted), truth, 0.8, 0.5)[0].Scores.Hausdorff);
        }
    }
}
