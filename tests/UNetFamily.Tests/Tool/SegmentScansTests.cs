using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Experiments;
using UNetFamily.Scans;
using UNetFamily.Tests.Checkpoints;
using UNetFamily.Tests.Scans;
using UNetFamily.Tool;

namespace UNetFamily.Tests.Tool;

/// <summary><c>segment</c> with networks in a file, ours and ONNX.</summary>
public sealed class SegmentScansTests : FileTests
{
    private string Weights => folder.File("net.safetensors");

    private string Image => folder.File("scan.nii");

    private string Labels => folder.File("labels.nii.gz");

    [Fact]
    public void A_scan_is_segmented_alike_in_any_orientation()
    {
        var random = new Random(1);
        var values = Enumerable.Range(0, 14 * 12 * 10).Select(_ => (float)random.NextDouble()).ToArray();
        float Body(int right, int front, int up) => values[(up * 12 + front) * 14 + right];
        using var model = SomeScans.Net();
        model.Save(Weights, SomeScans.Known.ToNotes());

        var expected = Segmented([0, 1, 2], 0);
        expected.Distinct().Should().HaveCountGreaterThan(1);
        Segmented([2, 0, 1], 5).Should().Equal(expected);
        Segmented([1, 2, 0], 2).Should().Equal(expected);

        byte[] Segmented(int[] axes, int mirrored)
        {
            var (file, size, geometry) = SomeScans.Stored(axes, mirrored, [14, 12, 10], Body);
            SomeScans.WriteScan(Image, file, size, geometry);
            Run("--model", Weights, "--input", Image, "--output", Labels).Code.Should().Be(ExitCode.Fine);
            var written = Nifti.Read(Labels);
            written.Geometry.Matches(geometry, size).Should().BeTrue();
            return new ScanGrid(size, geometry, spacing: null).Image(written.Values).to(ScalarType.Byte).contiguous().data<byte>().ToArray();
        }
    }

    [Fact]
    public void A_network_for_images_takes_slice_by_slice()
    {
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, Widths = [4, 8], Norm = Normalization.None });
        model.Save(Weights);
        var (size, random) = (new VolumeSize(3, 10, 12), new Random(1));
        var values = Enumerable.Range(0, size.Voxels).Select(_ => (float)random.NextDouble()).ToArray();
        SomeScans.WriteScan(Image, values, size, NiftiGeometry.Plain(1));

        var (code, output, _) = Run("--model", Weights, "--input", Image, "--output", Labels);

        model.eval();
        using var logits = model.call(tensor(ScanIntensity.Normalize(values), [3, 1, 10, 12]));
        var expected = logits.Logits.argmax(1).to(ScalarType.Float32).flatten().data<float>().ToArray();
        Nifti.Read(Labels).Values.Should().Equal(expected);
        code.Should().Be(ExitCode.Fine);
        output.Split('\n')[1].Should().Be(FormattableString.Invariant($"{"class 2",-24} {expected.Count(label => label == 2) / 1000.0,10:N1} ml"));
        output.Should().EndWith($"Label map: {Labels}\n");
    }

    [Fact]
    public void The_network_of_the_demo_segments_a_scan_by_what_its_file_says()
    {
        var options = DemoOptions.Parse(["--phantom", "--iterations", "40"])!;
        var subject = Phantom.Create(options.Seed);
        manual_seed(options.Seed);
        using var experiment = new SliceExperiment(options, subject, SliceSplit.Of(subject), CPU);
        experiment.Train(CancellationToken.None);
        experiment.Save(Weights);
        SomeScans.WriteScan(Image, subject.Image.Values, subject.Size, (NiftiGeometry)subject.Image.Geometry);

        Run("--model", Weights, "--input", Image, "--output", Labels).Code.Should().Be(ExitCode.Fine);

        var (expected, found) = (experiment.Segment(experiment.Model, CancellationToken.None), Nifti.Read(Labels).Values);
        var brain = Enumerable.Range(0, expected.Length).Where(at => expected[at] > 0).ToArray();
        brain.Length.Should().BeGreaterThan(1000);
        // The demo segments its own field of view alone, and resamples it otherwise.
        (brain.Count(at => expected[at] == found[at]) / (double)brain.Length).Should().BeGreaterThan(0.9);

        // The same by ONNX Runtime, but for ties.
        ToolRun.Of("export-onnx", Weights, folder.File("demo.onnx"), "--size", "64").Code.Should().Be(ExitCode.Fine);
        Run("--model", folder.File("demo.onnx"), "--input", Image, "--output", folder.File("onnx.nii.gz")).Code.Should().Be(ExitCode.Fine);
        var exported = Nifti.Read(folder.File("onnx.nii.gz")).Values;
        exported.Zip(found).Count(pair => pair.First != pair.Second).Should().BeLessThan(found.Length / 10_000);
    }

    [Fact]
    public void A_folder_of_images_becomes_a_folder_of_label_maps()
    {
        using var model = SomeScans.Net();
        model.Save(Weights, SomeScans.Known.ToNotes());
        var (images, labels) = (Directory.CreateDirectory(folder.File("images")).FullName, folder.File("maps"));
        foreach (var name in (string[])["a.nii", "b.nii"]) SomeScans.WriteScan(Path.Combine(images, name), Values(8), new VolumeSize(8, 8, 8), NiftiGeometry.Plain(1));
        File.WriteAllText(Path.Combine(images, "c.nii"), "no image");
        File.WriteAllText(Path.Combine(images, "notes.txt"), "no image, and not meant as one");

        var (code, output, errors) = Run("--model", Weights, "--input", images, "--output", labels);

        code.Should().Be(ExitCode.Failed);
        output.Should().Be($"{labels}: 2 label maps made, 0 there already, 1 failed\nFailed: c\n");
        errors.Should().Contain("3/3 c: ");
        Files(labels).Should().Equal("a.nii", "b.nii");

        File.Delete(Path.Combine(labels, "b.nii"));
        File.WriteAllText(Path.Combine(labels, "a.nii"), "mine");
        File.Delete(Path.Combine(images, "c.nii"));
        Run("--model", Weights, "--input", images, "--output", labels).Output.Should().Be($"{labels}: 1 label maps made, 1 there already, 0 failed\n");
        File.ReadAllText(Path.Combine(labels, "a.nii")).Should().Be("mine");
        Run("--model", Weights, "--input", images, "--output", labels, "--overwrite", "--shard", "1/2").Code.Should().Be(ExitCode.Fine);
        File.ReadAllBytes(Path.Combine(labels, "a.nii")).Should().Equal(File.ReadAllBytes(Path.Combine(labels, "b.nii")));
    }

    [Fact]
    public void Formats_go_by_the_names()
    {
        using var model = SomeScans.Net();
        model.Save(Weights, SomeScans.Known.ToNotes());
        SomeScans.WriteScan(Image, Values(8), new VolumeSize(8, 8, 8), NiftiGeometry.Plain(1));

        Run("--model", Weights, "--input", Image, "--output", folder.File("map.nrrd")).Code.Should().Be(ExitCode.Fine);
        Run("--model", Weights, "--input", Image, "--output", folder.File("map.nii")).Code.Should().Be(ExitCode.Fine);

        ImageFile.Read(folder.File("map.nrrd")).Values.Should().Equal(ImageFile.Read(folder.File("map.nii")).Values);
    }

    [Theory]
    [InlineData(2, "--output is missing: the label map to write, or a folder for them; each lies on the grid of its image.", "--model", "a", "--input", "b")]
    [InlineData(2, "--output needs a value: the label map to write, or a folder for them; each lies on the grid of its image.", "--model", "a", "--input", "b", "--output")]
    [InlineData(2, "There is no option '--fast' of segment.", "--fast")]
    [InlineData(2, "--spacing needs a number of millimetres from 0.01 to 100, not '0'.", "--spacing", "0")]
    [InlineData(2, "--overlap needs a share from 0 to below 1, not '1'.", "--overlap", "1")]
    [InlineData(2, "--roi needs 1 to 3 whole numbers of 0 to 4096, such as 256 or 64,128,128, not '8,x,8'.", "--roi", "8,x,8")]
    [InlineData(2, "--device needs cpu, cuda or cuda:0, cuda:1 and so on, not 'cuda:x'. Did you mean cuda?", "--device", "cuda:x")]
    [InlineData(3, "There is no model DIR/missing.", "--model", "DIR/missing", "--input", "DIR/scan.nii", "--output", "DIR/labels.nii.gz")]
    [InlineData(3, "There is no file or folder DIR/missing.nii.", "--model", "DIR/net.safetensors", "--input", "DIR/missing.nii", "--output", "DIR/labels.nii.gz")]
    [InlineData(3, "DIR/none/labels.nii can't be written: there is no folder DIR/none.", "--model", "DIR/net.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/none/labels.nii")]
    [InlineData(2, "DIR/labels.doc: no format is known for that name. Names may end with .nii.gz, ", "--model", "DIR/net.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/labels.doc")]
    [InlineData(2, "--output is the file of --input, which it would replace.", "--model", "DIR/net.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/./scan.nii")]
    [InlineData(2, "--output needs a folder for the images of a folder, and 'DIR/x.nii' is the name of a file.", "--model", "DIR/net.safetensors", "--input", "DIR", "--output", "DIR/x.nii")]
    [InlineData(2, "--output would replace the image DIR/scan.nii by its label map. Name another file or folder.", "--model", "DIR/net.safetensors", "--input", "DIR/scan.nii", "--output", "DIR")]
    [InlineData(2, "windows need 3 sides for UNet, not 2.", "--model", "DIR/net.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/labels.nii.gz", "--roi", "8,8")]
    [InlineData(2, "--folds doesn't fit DIR/net.safetensors, a network in a file: it has no folds.", "--model", "DIR/net.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/labels.nii.gz", "--folds", "0")]
    [InlineData(2, "--shard is for a folder of images, and DIR/scan.nii is one image.", "--model", "DIR/net.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/labels.nii.gz", "--shard", "1/2")]
    [InlineData(2, "Several --model are an ensemble of model folders of nnU-Net; DIR/net.safetensors is a file.", "--model", "DIR/net.safetensors", "--model", "DIR/net.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/labels.nii.gz")]
    [InlineData(3, "DIR/many.safetensors: UNet has 257 classes; a label map holds 256 at most.", "--model", "DIR/many.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/labels.nii.gz")]
    [InlineData(3, "DIR/three.safetensors: it takes images of 3 channels, a scan has one, and its notes don't say what the others are (preprocessing, neighbour_distance).", "--model", "DIR/three.safetensors", "--input", "DIR/scan.nii", "--output", "DIR/labels.nii.gz")]
    [InlineData(3, "DIR/text.nii: ", "--model", "DIR/net.safetensors", "--input", "DIR/text.nii", "--output", "DIR/labels.nii.gz")]
    public void What_can_be_known_before_the_work_is_said_before_it(int code, string message, params string[] arguments)
    {
        using var model = SomeScans.Net();
        model.Save(Weights, SomeScans.Known.ToNotes());
        using var many = new UNet(new UNetOptions { InChannels = 1, OutChannels = 257, SpatialDims = SpatialDims.Three, Widths = [2, 2] });
        many.Save(folder.File("many.safetensors"));
        using var three = new UNet(new UNetOptions { InChannels = 3, OutChannels = 2, Widths = [2, 4] });
        three.Save(folder.File("three.safetensors"));
        SomeScans.WriteScan(Image, Values(4), new VolumeSize(4, 4, 4), NiftiGeometry.Plain(1));
        File.WriteAllText(folder.File("text.nii"), "no image");
        var path = Path.GetDirectoryName(Weights)!;
        var before = Files(path);

        var run = ToolRun.Of(["segment", .. arguments.Select(argument => argument.Replace("DIR", path, StringComparison.Ordinal))]);

        run.Code.Should().Be(code, run.Errors);
        run.Output.Should().BeEmpty();
        run.Errors.Should().NotContain("(Parameter");
        run.Errors.Split('\n').Should().Contain(line => line.StartsWith(message.Replace("DIR", path, StringComparison.Ordinal), StringComparison.Ordinal));
        Files(path).Should().Equal(before);
    }

    [Fact]
    public void A_GPU_that_is_not_there_is_said()
    {
        if (cuda.is_available()) return;
        using var model = SomeScans.Net();
        model.Save(Weights, SomeScans.Known.ToNotes());
        SomeScans.WriteScan(Image, Values(4), new VolumeSize(4, 4, 4), NiftiGeometry.Plain(1));

        ToolRun.Of("segment", "-m", Weights, "-i", Image, "-o", Labels, "--device", "cuda:1").Should()
            .Be((ExitCode.WrongUsage, "", "--device cuda:1: there is no GPU that libtorch can use. Nearest: --device cpu.\n"));
    }

    [Fact]
    public void An_interrupted_run_leaves_the_label_map_of_before()
    {
        using var model = SomeScans.Net();
        model.Save(Weights, SomeScans.Known.ToNotes());
        SomeScans.WriteScan(Image, Values(16), new VolumeSize(16, 16, 16), NiftiGeometry.Plain(1));
        File.WriteAllText(Labels, "before");
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        var run = ToolRun.Of(cancelled.Token, "segment", "--model", Weights, "--input", Image, "--output", Labels, "--device", "cpu");

        run.Should().Be((ExitCode.Stopped, "", "Stopped; what was not finished was not written.\n"));
        File.ReadAllText(Labels).Should().Be("before");
        Files(Path.GetDirectoryName(Labels)!).Should().Equal("labels.nii.gz", "net.safetensors", "scan.nii");
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments) => ToolRun.Of(["segment", .. arguments, "--device", "cpu"]);

    private static float[] Values(int side) => [.. Enumerable.Range(0, side * side * side).Select(at => (float)at)];

    private static string?[] Files(string path) => [.. Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).Order(StringComparer.Ordinal)];
}
