using UNetFamily.NnUNet;
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

    [Theory(DisplayName = "preparation")]
    [MemberData(nameof(Cases))]
    public void Prepares_as_nnunet(CaseName @case)
    {
        using var scope = NewDisposeScope();
        using var source = new PipelineCase(@case.Load());

        var prepared = new ImagePreparation(source.Folder).Prepare(source.Image, source.Previous);

        prepared.ImageSize.Should().Be(VolumeSize.Of(source.Property("shape_before_cropping")));
        prepared.Box.Should().Be(source.Box);
        var expected = source["preprocessed"];
        Shape(prepared.Size, prepared.Channels.Count).Should().Equal(expected.shape);
        for (var channel = 0; channel < prepared.Channels.Count; channel++)
        {
            var difference = (tensor(prepared.Channels[channel]) - expected.select(0, channel).flatten()).abs().max().ToDouble();
            difference.Should().BeLessThanOrEqualTo(1e-5, "{0}, channel {1}", source, channel);
        }
    }

    [Theory(DisplayName = "export")]
    [MemberData(nameof(Cases))]
    public void Exports_as_nnunet(CaseName @case)
    {
        using var scope = NewDisposeScope();
        using var source = new PipelineCase(@case.Load());
        var (folder, logits) = (source.Folder, source["logits"]);
        var prepared = source.Prepared;

        var expected = source["logits_resampled"];
        List<float[]> rows = [];
        var resampling = new RowResampling(folder.Configuration.Logits, prepared, (int)expected.shape[0], (_, row) => rows.Add([.. row.SelectMany(head => head)]));
        resampling.Add(0, logits);
        LogitsShouldBeClose(stack([.. rows.Select(row => tensor(row).view(expected.shape[0], expected.shape[2], expected.shape[3]))], 1), expected, source);

        var export = new LabelExport(folder, prepared, source.SavesProbabilities);
        for (var row = 0L; row < logits.shape[1]; row++) export.Add(row, logits.narrow(1, row, 1));
        var result = export.Finish();
        LabelsShouldBe(result.Labels, source, allowed: 0);
        if (!source.Has("probabilities")) return;
        var probabilities = stack([.. result.Probabilities!.Heads.Select(head => tensor(head).view(Shape(result.Labels.Size)))]);
        (probabilities - source["probabilities"].to(ScalarType.Float32)).abs().max().ToDouble().Should().BeLessThanOrEqualTo(0.001, "{0}", source);
    }

    [Theory(DisplayName = "nnunet")]
    [MemberData(nameof(Cases))]
    public void Segments_as_nnunet(CaseName @case)
    {
        using var scope = NewDisposeScope();
        using var source = new PipelineCase(@case.Load());
        var folder = source.Folder;
        using var model = NnUNetModel.Open(folder);
        model.Prediction = source.Prediction(folder);
        var image = source.Image;

        var labels = source.SavesProbabilities ? model.SegmentWithProbabilities(image, source.Previous).Labels : model.Segment(image, source.Previous);

        LabelsShouldBe(labels, source, allowed: 3);
    }

    public static IEnumerable<object[]> PostprocessedCases() => ReferenceCases.Pipelines().Where(source => source["postprocessing"] is not null).Select(source => new object[] { new CaseName(source) });

    [Theory(DisplayName = "postprocessing")]
    [MemberData(nameof(PostprocessedCases))]
    public void Postprocesses_as_nnunet(CaseName @case)
    {
        using var scope = NewDisposeScope();
        using var source = new PipelineCase(@case.Load());
        var segmentation = source.Labels("segmentation");

        foreach (var file in source.Strings("postprocessing", "files").Where(file => file.EndsWith(".json", StringComparison.Ordinal)))
        {
            var labels = (ushort[])segmentation.Labels.Clone();
            Postprocessing.Read(source.In(file)).Apply(labels, segmentation.Size);
            labels.Should().Equal(source.Postprocessed("segmentation_postprocessed").Labels);
        }
    }

    public static IEnumerable<object[]> Ensembles() => ReferenceCases.Pipelines().Where(source => source.Strings("members").Count > 0).Select(source => new object[] { new CaseName(source) });

    [Theory(DisplayName = "nnunet")]
    [MemberData(nameof(Ensembles))]
    public void Averages_models_as_nnunet(CaseName @case)
    {
        using var scope = NewDisposeScope();
        var ensemble = @case.Load();
        using var source = new PipelineCase(ensemble);
        List<ProbabilityVolume> probabilities = [];
        DatasetFile? dataset = null;
        foreach (var name in ensemble.Strings("members"))
        {
            using var member = new PipelineCase(ReferenceCases.Find(ensemble.Folder, name));
            using var model = NnUNetModel.Open(member.Folder);
            model.Prediction = member.Prediction(model.Folder);
            probabilities.Add(model.SegmentWithProbabilities(member.Image).Probabilities!);
            dataset = model.Folder.Dataset;
        }

        var result = NnUNetModel.Combine(dataset!, probabilities);

        LabelsShouldBe(result.Labels, source, allowed: 3);
        var mean = stack([.. result.Probabilities!.Heads.Select(head => tensor(head))]);
        (mean - source["merged_probabilities"].to(ScalarType.Float32).view(mean.shape)).abs().max().ToDouble().Should().BeLessThanOrEqualTo(0.001);
    }

    private static long[] Shape(VolumeSize size, params long[] before) => [.. before, size.Z, size.Y, size.X];

    /// <summary>All alike but for a few voxels, which then are close calls.</summary>
    private static void LabelsShouldBe(LabelVolume labels, PipelineCase source, int allowed)
    {
        var expected = source["segmentation"];
        Shape(labels.Size).Should().Equal(expected.shape);
        labels.Labels.Zip(expected.flatten().to(ScalarType.Int32).data<int>()).Count(pair => pair.First != pair.Second).Should().BeLessThanOrEqualTo(allowed, "{0}", source);
    }

    /// <summary>Two of the steps between numbers of half precision on top of what a plan may be off, 1e-4 of the largest, or what the original's own logits change where its network runs in double precision: more, in corners whose weights are tiny. Where windows nearly cancel, a step is
    /// one of what was summed, and few numbers may be off by two steps of the largest.</summary>
    private static void LogitsShouldBeClose(Tensor found, Tensor expected, PipelineCase source)
    {
        found.shape.Should().Equal(expected.shape);
        var (one, other) = (found.to(ScalarType.Float32), expected.to(ScalarType.Float32));
        var (off, largest) = ((one - other).abs(), other.abs().max());
        var far = (off - (0.004 + 1e-4 * largest + 0.002 * other.abs()).clamp_min(source.Noise)).gt(0).sum().ToInt64();
        far.Should().BeLessThanOrEqualTo(one.numel() / 10_000, $"{source}: {off.ne(0).sum().ToInt64()} of {one.numel()} differ, at most by {off.max().ToDouble()}");
        off.max().ToDouble().Should().BeLessThanOrEqualTo(Math.Max(source.Noise, 0.004 + (0.002 * largest.ToDouble())), $"{source}");
    }
}
