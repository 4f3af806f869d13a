using TorchSharp;
using UNetFamily;
using static TorchSharp.torch;

namespace Readme;

/// <summary>The code of docs/metrics.md.</summary>
public static class MetricsPage
{
    public static MetricReport Metrics()
    {
        (string Name, Tensor Predicted, Tensor Truth)[] validation = [("patient 1", randint(0, 3, [8, 16, 16], ScalarType.Int64), randint(0, 3, [8, 16, 16], ScalarType.Int64))];

        #region metrics
        var metrics = new SegmentationMetrics(new MetricOptions
        {
            Classes = ["background", "liver", "spleen"],
            EmptyClass = EmptyClass.Skip,                       // a class that is neither labelled nor predicted says nothing
            MissingSurface = MissingSurface.ImageDiagonal,      // a missed organ is as far away as can be
            Tolerance = [2],                                    // mm, for normalised surface Dice
        });
        foreach (var (name, predicted, truth) in validation) metrics.Add(name, predicted, truth, 5, 0.8, 0.8);     // (D, H, W) labels, spacing in mm

        var report = metrics.Report();
        Console.WriteLine($"Dice {report.Mean.Dice:0.000}, 95th percentile of Hausdorff {report.Mean.HausdorffPercentile:0.0} mm, {report.PerClass[1].Missed} spleens missed");
        File.WriteAllText("scores.csv", report.ToCsv());
        #endregion
        return report;
    }

    public static SurfaceDistances Surfaces()
    {
        using var predicted = zeros(8, 16, 16, dtype: ScalarType.Bool);
        using var truth = zeros(8, 16, 16, dtype: ScalarType.Bool);
        predicted[2..6, 4..12, 4..12] = true;
        truth[2..6, 5..13, 4..12] = true;

        #region surfaces
        var distances = SurfaceDistances.Between(predicted, truth, 5, 0.8, 0.8);                // masks of one class
        Console.WriteLine($"{distances.Average:0.00} mm on average, {distances.Hausdorff(95):0.00} mm at the 95th percentile");
        using var toTruth = DistanceTransform.To(truth, 5, 0.8, 0.8);                           // of each voxel, exact
        #endregion
        return distances;
    }
}
