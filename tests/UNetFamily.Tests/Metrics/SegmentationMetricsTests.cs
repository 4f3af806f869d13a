using System.Text.Json;

namespace UNetFamily.Tests.Metrics;

public class SegmentationMetricsTests
{
    private static readonly MetricOptions Options = new()
    {
        Classes = ["background", "liver", "spleen"], EmptyClass = EmptyClass.Skip, MissingSurface = MissingSurface.ImageDiagonal, Tolerance = [1],
    };

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Counts_overlaps_and_measures_surfaces_of_each_class(int dims)
    {
        using var scope = NewDisposeScope();
        manual_seed(13);
        long[] shape = dims == 2 ? [7, 9] : [4, 5, 6];
        double[] spacing = dims == 2 ? [2, 0.5] : [3, 1, 0.5];
        var (predicted, truth) = (randint(0, 3, shape, ScalarType.Int64), randint(0, 3, shape, ScalarType.Int64));
        var metrics = new SegmentationMetrics(Options with { IncludeBackground = true, Tolerance = [0.5, 1, 2] });

        var scores = metrics.Add("a", predicted, truth.to(ScalarType.Byte), spacing);

        scores.Select(score => (score.Case, score.Class)).Should().Equal(("a", "background"), ("a", "liver"), ("a", "spleen"));
        var (found, right) = (predicted.data<long>().ToArray(), truth.data<long>().ToArray());
        for (var label = 0; label < 3; label++)
        {
            var both = (double)found.Zip(right).Count(pixel => pixel.First == label && pixel.Second == label);
            var (p, t) = (found.Count(value => value == label), right.Count(value => value == label));
            var actual = scores[label].Scores;
            scores[label].Counts.Should().Be(new OverlapCounts((long)both, p - (long)both, t - (long)both));
            OverlapCounts.Of(predicted.eq(label), truth.eq(label)).Should().Be(scores[label].Counts);
            actual.Dice.Should().BeApproximately(2 * both / (p + t), 1e-12);
            actual.IoU.Should().BeApproximately(both / (p + t - both), 1e-12);
            actual.Precision.Should().BeApproximately(both / p, 1e-12);
            actual.Recall.Should().BeApproximately(both / t, 1e-12);

            var surfaces = SurfaceDistances.Between(predicted.eq(label), truth.eq(label), spacing);
            actual.Hausdorff.Should().Be(surfaces.Hausdorff());
            actual.HausdorffPercentile.Should().Be(surfaces.Hausdorff(95));
            actual.AverageSurfaceDistance.Should().Be(surfaces.Average);
            actual.SurfaceDice.Should().Be(surfaces.Dice(label == 0 ? 0.5 : label));
        }
    }

    [Theory]
    [InlineData(EmptyClass.Skip, double.NaN, double.NaN)]
    [InlineData(EmptyClass.Perfect, 1, 0)]
    [InlineData(EmptyClass.Worst, 0, 50)]
    public void A_class_that_is_nowhere_has_the_declared_scores(EmptyClass rule, double share, double distance)
    {
        using var scope = NewDisposeScope();
        var nothing = zeros([3, 4], ScalarType.Int64);
        var scores = new SegmentationMetrics(Options with { EmptyClass = rule }).Add("a", nothing, nothing, 10, 10)[0].Scores;
        scores.Should().Be(new MetricScores(share, share, share, share, distance, distance, distance, share), "30 by 40 has the diagonal 50");
    }

    [Theory]
    [InlineData(MissingSurface.Infinity, double.PositiveInfinity)]
    [InlineData(MissingSurface.ImageDiagonal, 50)]
    public void A_missed_class_and_a_false_alarm_have_the_worst_scores(MissingSurface rule, double distance)
    {
        using var scope = NewDisposeScope();
        var (nothing, organ) = (zeros([3, 4], ScalarType.Int64), zeros([3, 4], ScalarType.Int64));
        organ[1, 1] = 1;
        foreach (var empty in Enum.GetValues<EmptyClass>())
        {
            var metrics = new SegmentationMetrics(Options with { MissingSurface = rule, EmptyClass = empty });
            foreach (var (predicted, truth) in ((Tensor, Tensor)[])[(nothing, organ), (organ, nothing)])
                metrics.Add("a", predicted, truth, 10, 10)[0].Scores.Should().Be(new MetricScores(0, 0, 0, 0, distance, distance, distance, 0));
            metrics.Report().PerClass[0].Should().Be(new ClassScore("liver", 1, 1, 1, new MetricScores(0, 0, 0, 0, distance, distance, distance, 0)));
        }
    }

    [Fact]
    public void Missing_an_organ_never_makes_a_score_better()
    {
        using var scope = NewDisposeScope();
        manual_seed(14);
        for (var round = 0; round < 20; round++)
            foreach (var empty in Enum.GetValues<EmptyClass>())
                foreach (var missing in Enum.GetValues<MissingSurface>())
                {
                    var truth = randint(0, 3, [5, 6], ScalarType.Int64) * rand(5, 6).lt(0.4);
                    truth[0, 0] = 1;
                    var found = randint(0, 3, [5, 6], ScalarType.Int64) * rand(5, 6).lt(0.4);
                    var missed = found.masked_fill(found.eq(1), 0);
                    var (with, without) = (Mean(found), Mean(missed));
                    foreach (var (higher, lower) in ((double, double)[])[(with.Dice, without.Dice), (with.IoU, without.IoU), (with.Precision, without.Precision), (with.Recall, without.Recall),
                        (with.SurfaceDice, without.SurfaceDice), (-with.Hausdorff, -without.Hausdorff), (-with.HausdorffPercentile, -without.HausdorffPercentile),
                        (-with.AverageSurfaceDistance, -without.AverageSurfaceDistance)])
                        (lower <= higher + 1e-12).Should().BeTrue("{0}, {1}: {2} without the organ, {3} with it", empty, missing, lower, higher);

                    MetricScores Mean(Tensor predicted)
                    {
                        var metrics = new SegmentationMetrics(Options with { EmptyClass = empty, MissingSurface = missing });
                        metrics.Add("a", predicted, truth, 2, 1);
                        metrics.Add("b", truth, truth, 2, 1);
                        return metrics.Report().Mean;
                    }
                }
    }

    [Fact]
    public void Whatever_is_predicted_where_the_truth_is_ignored_is_allowed()
    {
        using var scope = NewDisposeScope();
        var truth = tensor([0L, 1, 1, 255, 255, 0], [2, 3]);
        var expected = new SegmentationMetrics(Options with { IgnoreIndex = 255 }).Add("a", tensor([0L, 1, 0, 0, 0, 1], [2, 3]), truth).Select(score => score.Scores);
        foreach (var (label, type) in new[] { (255L, ScalarType.Int64), (255, ScalarType.Byte), (-1, ScalarType.Int16), (77, ScalarType.Int32), (long.MaxValue, ScalarType.Int64), (1, ScalarType.Byte) })
            new SegmentationMetrics(Options with { IgnoreIndex = 255 }).Add("a", tensor([0L, 1, 0, label, label, 1], [2, 3]).to(type), truth).Select(score => score.Scores).Should().Equal(expected);

        FluentActions.Invoking(() => new SegmentationMetrics(Options with { IgnoreIndex = 255 }).Add("a", tensor([255L, 1, 0, 255, 0, 1], [2, 3]), truth)).Should().Throw<ArgumentException>()
            .WithMessage("predicted must be 0 to * where truth is not IgnoreIndex; it is 0 to 255.*");
        FluentActions.Invoking(() => new SegmentationMetrics(Options).Add("a", truth, truth)).Should().Throw<ArgumentException>().WithMessage("truth must be 0 to *; it is 0 to 255.*");
    }

    [Fact]
    public void A_class_that_goes_on_into_ignored_pixels_has_a_surface_along_their_border()
    {
        using var scope = NewDisposeScope();
        // Rows 0 to 4 are labelled, the rest ignored; the class is rows 2 to 4 in the truth and 0 to 4 in the prediction.
        var (truth, predicted) = (zeros([9, 7], ScalarType.Int64), zeros([9, 7], ScalarType.Int64));
        truth.narrow(0, 2, 7).fill_(1);
        truth.narrow(0, 5, 4).fill_(255);
        predicted.fill_(1);
        var cut = new SegmentationMetrics(Options with { IgnoreIndex = null }).Add("cut", predicted.narrow(0, 0, 5), truth.narrow(0, 0, 5))[0].Scores;
        var ignored = new SegmentationMetrics(Options with { IgnoreIndex = 255 }).Add("ignored", predicted, truth)[0].Scores;
        ignored.Should().Be(cut, "the border is a surface as the edge of an image is");
        ignored.Hausdorff.Should().Be(2);
    }

    [Fact]
    public void Ignored_pixels_count_as_nothing()
    {
        using var scope = NewDisposeScope();
        var truth = tensor(new long[,] { { 1, 1, 255 }, { 0, 2, 255 } });
        var predicted = tensor(new long[,] { { 1, 0, 1 }, { 0, 2, 2 } });
        var scores = new SegmentationMetrics(Options with { IgnoreIndex = 255 }).Add("a", predicted, truth);
        scores[0].Counts.Should().Be(new OverlapCounts(1, 0, 1));
        scores[1].Counts.Should().Be(new OverlapCounts(1, 0, 0));
        scores[0].Scores.Hausdorff.Should().Be(1);
        scores[1].Scores.Hausdorff.Should().Be(0);
    }

    [Fact]
    public void Means_are_over_cases_and_then_over_classes()
    {
        using var scope = NewDisposeScope();
        var report = Three(Options);
        report.Cases.Should().HaveCount(6);
        // liver: 2/3 (one of two found), 1, and not there; spleen: not there, 1, missed.
        report.PerClass.Select(score => (score.Class, score.Labelled, score.Missed, score.FalseAlarms)).Should().Equal(("liver", 2, 0, 0), ("spleen", 2, 1, 0));
        report.PerClass[0].Mean.Dice.Should().BeApproximately((2 / 3.0 + 1) / 2, 1e-12);
        report.PerClass[1].Mean.Dice.Should().BeApproximately((1 + 0) / 2.0, 1e-12);
        report.Mean.Dice.Should().BeApproximately(((2 / 3.0 + 1) / 2 + 0.5) / 2, 1e-12);
        Three(Options with { EmptyClass = EmptyClass.Perfect }).PerClass[0].Mean.Dice.Should().BeApproximately((2 / 3.0 + 1 + 1) / 3, 1e-12);
        double.IsInfinity(Three(Options with { MissingSurface = MissingSurface.Infinity }).Mean.Hausdorff).Should().BeTrue();
    }

    [Fact]
    public void Writes_csv()
    {
        using var scope = NewDisposeScope();
        var lines = Three(Options with { MissingSurface = MissingSurface.Infinity, Tolerance = null }).ToCsv().Split('\n');
        lines[0].Should().Be("case,class,tp,fp,fn,dice,iou,precision,recall,hausdorff,hausdorff_95,average_surface_distance");
        lines[1].Should().Be("first,liver,1,0,1,0.6666666666666666,0.5,1,0.5,1,0.95,0.3333333333333333");
        lines[2].Should().Be("first,spleen,0,0,0,nan,nan,nan,nan,nan,nan,nan");
        lines[5].Should().StartWith("\"third, \"\"last\"\"\",liver,0,0,0,nan");
        lines[6].Should().Be("\"third, \"\"last\"\"\",spleen,0,0,1,0,0,0,0,inf,inf,inf");
        lines[7].Should().StartWith("mean,liver,,,,0.833333333333333");
        lines[9].Should().StartWith("mean,mean,,,,0.66666666666666");
        lines.Should().HaveCount(11).And.HaveElementAt(10, "");
        Three(Options with { Distances = false, Tolerance = null }).ToCsv().Split('\n')[0].Should().Be("case,class,tp,fp,fn,dice,iou,precision,recall");
    }

    [Fact]
    public void Writes_json()
    {
        using var scope = NewDisposeScope();
        using var json = JsonDocument.Parse(Three(Options with { MissingSurface = MissingSurface.Infinity }).ToJson());
        var root = json.RootElement;
        root.GetProperty("empty_class").GetString().Should().Be("Skip");
        root.GetProperty("missing_surface").GetString().Should().Be("Infinity");
        root.GetProperty("tolerance")[0].GetDouble().Should().Be(1);
        root.GetProperty("mean").GetProperty("dice").GetDouble().Should().BeApproximately(2 / 3.0, 1e-12);
        root.GetProperty("classes")[1].GetProperty("missed").GetInt32().Should().Be(1);
        root.GetProperty("cases").GetArrayLength().Should().Be(6);
        root.GetProperty("cases")[1].GetProperty("dice").ValueKind.Should().Be(JsonValueKind.Null);
        root.GetProperty("cases")[5].GetProperty("hausdorff").GetString().Should().Be("Infinity");
        root.GetProperty("cases")[5].GetProperty("fn").GetInt64().Should().Be(1);
        root.GetProperty("cases")[0].GetProperty("surface_dice").GetDouble().Should().Be(1);
    }

    [Fact]
    public void Refuses_what_does_not_fit_and_leaves_nothing_alive()
    {
        using var scope = NewDisposeScope();
        var metrics = new SegmentationMetrics(Options);
        var labels = zeros([3, 4], ScalarType.Int64);
        Throws(() => metrics.Add("a", labels + 3, labels), "predicted must be 0 to 2; it is 3 to 3.*");
        Throws(() => metrics.Add("a", labels, labels - 1), "truth must be 0 to 2; it is -1 to -1.*");
        Throws(() => metrics.Add("a", labels, labels.to(ScalarType.Float32)), "truth must be whole numbers; it is Float32.*");
        Throws(() => metrics.Add("a", labels.unsqueeze(0), labels), "predicted and truth must both be (H, W) or (D, H, W)*(1, 3, 4) and (3, 4)*");
        Throws(() => metrics.Add("a", labels, labels, 1), "spacing has 1 values, there are 2 axes*");
        Throws(() => _ = new SegmentationMetrics(Options with { Classes = ["a", "a"], Percentile = 0, Tolerance = [-1] }),
            "MetricOptions: Classes must differ, are [a, a]. Percentile must be above 0 to 100, is 0. Tolerance must be 0 or more, is [-1].*");
        Throws(() => _ = new SegmentationMetrics(Options with { Distances = false, EmptyClass = (EmptyClass)7 }), "*EmptyClass must be Skip, Perfect or Worst, is 7. Tolerance needs Distances = true.*");
        metrics.Report().Cases.Should().BeEmpty("a case that doesn't fit is not counted");
        NoLeaks.During(() => metrics.Add("a", labels, labels)).Should().Be(0);

        static void Throws(Action action, string message) => action.Should().Throw<ArgumentException>().WithMessage(message);
    }

    private static MetricReport Three(MetricOptions options)
    {
        var metrics = new SegmentationMetrics(options);
        metrics.Add("first", tensor(new long[,] { { 1, 0, 0 }, { 0, 0, 0 } }), tensor(new long[,] { { 1, 1, 0 }, { 0, 0, 0 } }));
        metrics.Add("second", tensor(new long[,] { { 1, 0, 0 }, { 0, 0, 2 } }), tensor(new long[,] { { 1, 0, 0 }, { 0, 0, 2 } }));
        metrics.Add("third, \"last\"", zeros([2, 3], ScalarType.Int64), tensor(new long[,] { { 0, 0, 0 }, { 0, 0, 2 } }));
        return metrics.Report();
    }
}
