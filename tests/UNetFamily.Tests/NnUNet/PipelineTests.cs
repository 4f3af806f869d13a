using UNetFamily.Tests.Reference;

namespace UNetFamily.Tests.NnUNet;

/// <summary>Each stage against nnU-Net's own, each fed with what nnU-Net's stage before gave.</summary>
public class PipelineTests
{
    public static IEnumerable<object[]> Cases() => ReferenceCases.Pipelines().Where(source => source.Text("model") is not null).Select(source => new object[] { new CaseName(source) });

    [Theory(DisplayName = "prediction")]
    [MemberData(nameof(Cases))]
    public void Predicts_as_nnunet(CaseName @case)
    {
        using var scope = NewDisposeScope();
        using var source = new PipelineCase(@case.Load());
        var folder = source.Folder;
        var prediction = source.Prediction(folder);
        var volume = source["preprocessed"];
        SegmentationModel[] networks = [.. folder.Folds.Select(folder.LoadNetwork)];

        using var logits = prediction.Logits(networks, new TensorImage(volume));

        var starts = prediction.Starts([.. volume.shape[1..]]).Select(start => start.Select((place, axis) => place + Before(axis)));
        starts.SelectMany(start => start).Should().Equal(source["window_starts"].to(ScalarType.Int64).data<long>());
        if (source.Has("gaussian")) prediction.Importance().view(-1).Equals(source["gaussian"].view(-1)).Should().BeTrue();
        LogitsShouldBeClose(logits, source["logits"], source);
        foreach (var network in networks) network.Dispose();

        // Recorded starts count from the padded volume.
        long Before(int axis) => axis < 3 - prediction.Patch.Count ? 0 : Math.Max(0, (prediction.Patch[axis - 3 + prediction.Patch.Count] - volume.shape[axis + 1]) / 2);
    }

    /// <summary>Two of the steps between numbers of half precision, or what the original's own logits change where its network runs in double precision: more, in corners whose weights are tiny.</summary>
    private static void LogitsShouldBeClose(Tensor found, Tensor expected, PipelineCase source)
    {
        found.shape.Should().Equal(expected.shape);
        var (one, other) = (found.to(ScalarType.Float32), expected.to(ScalarType.Float32));
        var excess = (one - other).abs() - (0.004 + 0.002 * other.abs()).clamp_min(source.Noise);
        excess.max().ToDouble().Should().BeLessThanOrEqualTo(0, $"{source}: {(one - other).ne(0).sum().ToInt64()} of {one.numel()} differ, at most by {(one - other).abs().max().ToDouble()}");
    }
}
