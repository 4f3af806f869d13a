using System.Runtime.InteropServices;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Experiments;
using UNetFamily.Scans;
using UNetFamily.Samples.Segment;
using UNetFamily.Tests.Checkpoints;
using UNetFamily.Tests.Imaging;

namespace UNetFamily.Tests.Samples;

/// <summary>The commands of the README fit together: what the demo trains, segments other scans.</summary>
public sealed class SliceSegmenterTests : FileTests
{
    [Fact]
    public void The_network_of_the_demo_segments_a_scan_by_what_its_file_says()
    {
        var options = DemoOptions.Parse(["--phantom", "--iterations", "40"])!;
        var subject = Phantom.Create(options.Seed);
        manual_seed(options.Seed);
        using var experiment = new SliceExperiment(options, subject, SliceSplit.Of(subject), CPU);
        experiment.Train(CancellationToken.None);
        experiment.Save(folder.File("demo.safetensors"));
        WriteScan(folder.File("scan.nii"), subject.Image);

        Segmentation.Run(SegmentOptions.Parse(["--model", folder.File("demo.safetensors"), "--image", folder.File("scan.nii"), "--out", folder.File("labels.nii.gz"), "--device", "cpu"])!, CancellationToken.None);

        var (expected, found) = (experiment.Segment(experiment.Model, CancellationToken.None), Nifti.Read(folder.File("labels.nii.gz")).Values);
        var brain = Enumerable.Range(0, expected.Length).Where(at => expected[at] > 0).ToArray();
        brain.Length.Should().BeGreaterThan(1000);
        // The demo segments its own field of view alone, and resamples it otherwise.
        (brain.Count(at => expected[at] == found[at]) / (double)brain.Length).Should().BeGreaterThan(0.9);

        // The same by ONNX Runtime, but for ties.
        using (var model = SegmentationModel.FromFile(folder.File("demo.safetensors")))
        using (var file = Checkpoint.Open(folder.File("demo.safetensors")))
            model.ExportOnnx(folder.File("demo.onnx"), Extent.Of(model.InputSizes.Cover([64, 64])), new OnnxExportOptions { Notes = new Dictionary<string, string> { [ScanPreparation.Key] = file.Metadata[ScanPreparation.Key] } });
        Segmentation.Run(SegmentOptions.Parse(["--model", folder.File("demo.onnx"), "--image", folder.File("scan.nii"), "--out", folder.File("onnx.nii.gz")])!, CancellationToken.None);
        var exported = Nifti.Read(folder.File("onnx.nii.gz")).Values;
        exported.Zip(found).Count(pair => pair.First != pair.Second).Should().BeLessThan(found.Length / 10_000);
    }

    [Fact]
    public void Neighbouring_slices_are_the_channels_at_the_distance_that_was_trained()
    {
        using var model = new UNet(new UNetOptions { InChannels = 3, OutChannels = 3, Widths = [4, 8], Norm = Normalization.None });
        var random = new Random(1);
        var size = new VolumeSize(7, 10, 12);
        var values = Enumerable.Range(0, size.Voxels).Select(_ => (float)random.NextDouble()).ToArray();
        var scan = new Volume(values, size, new NiftiGeometry { PixDim = [1, 2, 2, 1.5f] });
        var how = new ScanPreparation { RoiSize = [0, 0], Classes = ["a", "b", "c"], NeighbourDistance = 3 };

        var labels = SliceSegmenter.Segment(model, how, scan);

        model.eval();
        var volume = tensor(values, [7, 10, 12]);
        for (var z = 0; z < 7; z++)
        {
            var image = stack([volume[Math.Max(0, z - 2)], volume[z], volume[Math.Min(6, z + 2)]]).unsqueeze(0);
            using var output = model.call(image);
            labels[(z * 120)..((z + 1) * 120)].Should().Equal(output.Logits.argmax(1).to(ScalarType.Byte).flatten().data<byte>().ToArray());
        }
        // On pixels of twice the size, as of half as many.
        var coarse = SliceSegmenter.Segment(model, how with { Spacing = 4 }, scan);
        using var halved = functional.interpolate(stack([volume[0], volume[0], volume[2]]).unsqueeze(0), size: [5, 6], mode: InterpolationMode.Bilinear, align_corners: false);
        using var small = model.call(halved);
        var back = functional.interpolate(small.Logits, size: [10, 12], mode: InterpolationMode.Bilinear, align_corners: false).argmax(1);
        coarse[..120].Should().Equal(back.to(ScalarType.Byte).flatten().data<byte>().ToArray());
    }

    [Theory]
    [InlineData(3, SpatialDims.Two, "*net.safetensors: it takes images of 3 channels, a scan has one, and its notes don't say what the others are (preprocessing, neighbour_distance).")]
    [InlineData(2, SpatialDims.Three, "*net.safetensors: it takes volumes of 2 channels, and a scan has one.")]
    public void Other_channels_are_refused(int channels, SpatialDims dims, string message)
    {
        using var model = new UNet(new UNetOptions { InChannels = channels, OutChannels = 2, SpatialDims = dims, Widths = [2, 4] });
        model.Save(folder.File("net.safetensors"));
        WriteScan(folder.File("scan.nii"), new Volume([.. Enumerable.Range(0, 64).Select(at => (float)at)], new VolumeSize(4, 4, 4), NiftiGeometry.Plain(1)));
        var run = () => Segmentation.Run(SegmentOptions.Parse(["--model", folder.File("net.safetensors"), "--image", folder.File("scan.nii"), "--out", folder.File("out.nii"), "--device", "cpu"])!, CancellationToken.None);
        run.Should().Throw<UsageException>().WithMessage(message);
    }

    [Fact]
    public void An_error_is_one_line()
    {
        foreach (var (program, arguments) in new (System.Reflection.Assembly, string[])[]
        {
            (typeof(Segmentation).Assembly, ["--fast"]), (typeof(Demo).Assembly, ["--fast"]), (typeof(UNetFamily.Samples.MultiDomain.DomainTask).Assembly, ["--fast"]), (typeof(UNetFamily.Samples.ComposeYourOwn.GatedNest).Assembly, ["--fast"]),
            (typeof(CheckpointTool.Tool).Assembly, ["inspect", "a", "b", "c"]),
        })
        {
            var (code, output, errors) = ChildProcess.Run(program.Location, arguments);
            code.Should().Be(2);
            (output + errors).Trim().ReplaceLineEndings("\n").Split('\n').Should().ContainSingle("that is all of {0}", program.GetName().Name).Which.Should().EndWith("See --help.");
        }
    }

    private static void WriteScan(string path, Volume scan) => File.WriteAllBytes(path, new NiftiFile(scan.Size.X, scan.Size.Y, scan.Size.Z)
        .Single(76, Array.ConvertAll(((NiftiGeometry)scan.Geometry).PixDim, value => (float)value)).Voxels(16, 4, MemoryMarshal.AsBytes<float>(scan.Values).ToArray()).ToBytes());
}
