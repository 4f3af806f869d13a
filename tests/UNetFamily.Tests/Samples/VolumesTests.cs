using System.Runtime.InteropServices;
using FluentAssertions;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Scans;
using UNetFamily.Samples.Segment;
using UNetFamily.Tests.Imaging;
using Xunit;

namespace UNetFamily.Tests.Samples;

/// <summary>From a scan in any orientation to the grid of a network and back, and the sample that segments any scan.</summary>
public sealed class VolumesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("unetfamily-").FullName;
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    // ---- Orientation and grid ----

    /// <summary>The 48 ways to store a volume: which of the file's axes runs to the right, to the front and upwards, and which of them run the other way.</summary>
    public static IEnumerable<object[]> Ways =>
        from order in (int[][])[[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        from mirrored in Enumerable.Range(0, 8)
        select (object[])[order, mirrored];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_orientation_comes_to_the_same_axes_and_back(int[] axes, int mirrored)
    {
        // Voxels that hold where they are in the body: 100 for each step up, 10 to the front, 1 to the right.
        var (file, size, geometry) = Stored(axes, mirrored, [4, 3, 2], (right, front, up) => 100 * up + 10 * front + right);
        var grid = new ScanGrid(size, geometry, spacing: null);

        grid.Size.Should().Equal(2, 3, 4);
        var body = grid.Image(file);
        body.contiguous().data<float>().ToArray().Should().Equal(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 100, 101, 102, 103, 110, 111, 112, 113, 120, 121, 122, 123);
        grid.LabelsToFile(body[0].to(ScalarType.Byte)).Should().Equal(file.Select(value => (byte)value));
    }

    [Fact]
    public void An_oblique_scan_comes_as_close_as_whole_axes_can()
    {
        var (sin, cos) = ((float)Math.Sin(0.6), (float)Math.Cos(0.6));
        var tilted = new NiftiGeometry { PixDim = [1, 1, 1, 1], SFormCode = 1, SForm = [-1, 0, 0, 0, 0, cos, -sin, 0, 0, sin, cos, 0] };

        new Orientation(tilted).Turn(Enumerable.Range(0, 8).ToArray(), new VolumeSize(2, 2, 2)).Should().Equal(1, 0, 3, 2, 5, 4, 7, 6);
    }

    [Fact]
    public void An_axis_without_direction_is_refused()
    {
        var broken = new NiftiGeometry { PixDim = [1, 1, 1, 1], SFormCode = 1, SForm = new double[12] };

        ((Action)(() => _ = new Orientation(broken))).Should().Throw<InvalidDataException>().WithMessage("an axis of the affine map has no direction of its own.");
    }

    [Fact]
    public void A_grid_of_another_spacing_keeps_the_extent_and_brings_classes_back()
    {
        var size = new VolumeSize(8, 10, 12);
        var grid = new ScanGrid(size, new NiftiGeometry { PixDim = [1, 1, 2, 3] }, spacing: 2);
        grid.Size.Should().Equal(12, 10, 6);
        grid.IsOriginal.Should().BeFalse();

        // The right half is class 1; of the boundary, which lies between voxels, nothing is lost.
        var truth = Enumerable.Range(0, size.Voxels).Select(at => (byte)(at % size.X < 6 ? 0 : 1)).ToArray();
        var labels = grid.Labels(truth);
        labels.shape.Should().Equal(12, 10, 6);
        var logits = stack([labels.eq(0), labels.eq(1)]).to(ScalarType.Float32);
        grid.LogitsToFile(logits).Should().Equal(truth);
        grid.LogitsToFile(logits[1].unsqueeze(0) - 0.5).Should().Equal(truth, "one channel is the logit of class 1");
    }

    [Fact]
    public void A_grid_follows_the_affine_map_and_its_unit()
    {
        var size = new VolumeSize(8, 10, 12);
        // The file's voxel size says something else than its map.
        var geometry = new NiftiGeometry { PixDim = [1, 7, 7, 7], SFormCode = 1, SForm = [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0] };
        new ScanGrid(size, geometry, spacing: 2).Size.Should().Equal(12, 10, 6);
        new ScanGrid(size, geometry with { Units = 3, SForm = [.. geometry.SForm.Select(value => value * 1000)] }, spacing: 2).Size.Should().Equal(12, 10, 6);
        new ScanGrid(size, geometry with { Units = 1, SForm = [.. geometry.SForm.Select(value => value / 1000)] }, spacing: 2).Size.Should().Equal(12, 10, 6);
        new ScanGrid(new VolumeSize(1, 10, 12), geometry, spacing: 8).Size.Should().Equal(1, 2, 2);
    }

    [Theory]
    [InlineData(1, 2, "12 x 10 x 8 voxels of 1000 x 1000 x 1000 mm make a grid of 4000 x 5000 x 6000 at 2 mm, more than 268,435,456 voxels. A spacing that fits is 16 mm. Is the unit in the header right?")]
    [InlineData(2, 0.01, "12 x 10 x 8 voxels of 1 x 1 x 1 mm make a grid of 800 x 1000 x 1200 at 0.01 mm, more than 268,435,456 voxels. A spacing that fits is 0.016 mm. Is the unit in the header right?")]
    [InlineData(3, 2, "12 x 10 x 8 voxels of 0.001 x 0.001 x 0.001 mm are less than a single voxel of 2 mm. Is the unit in the header right?")]
    public void A_grid_has_a_limit_and_a_message(byte unit, double spacing, string message) =>
        ((Action)(() => _ = new ScanGrid(new VolumeSize(8, 10, 12), NiftiGeometry.Plain(1) with { Units = unit }, spacing))).Should().Throw<InvalidDataException>().WithMessage(message);

    [Theory]
    [InlineData(1, 16)]
    [InlineData(2, 0.016)]
    public void The_spacing_that_is_proposed_fits(byte unit, double spacing) =>
        new ScanGrid(new VolumeSize(8, 10, 12), NiftiGeometry.Plain(1) with { Units = unit }, spacing).Size.Should().OnlyContain(side => side > 1);

    [Fact]
    public void A_grid_of_any_size_in_a_header_allocates_nothing()
    {
        foreach (var side in (float[])[1e30f, 1e10f, float.MaxValue])
            ((Action)(() => _ = new ScanGrid(new VolumeSize(100, 200, 30_000), NiftiGeometry.Plain(side), spacing: 0.01))).Should().Throw<InvalidDataException>().WithMessage("*more than 268,435,456 voxels*");
    }

    // ---- ScanPreparation ----

    [Fact]
    public void What_a_network_needs_is_in_the_file_of_its_weights()
    {
        var path = Path.Combine(folder, "net.safetensors");
        using var model = Net();
        model.Save(path, Known.ToNotes());

        ScanPreparation.In(path).Should().BeEquivalentTo(Known);
        model.Save(path);
        ScanPreparation.In(path).Should().BeNull();
    }

    [Theory]
    [InlineData("""{"roi_size":[8,8,8]}""", "*classes*")]
    [InlineData("""{"roi_size":[8],"classes":["a","b"]}""", "*roi_size needs 2 or 3 sides of 0 to 1024.")]
    [InlineData("""{"roi_size":[8,8,99999999],"classes":["a","b"]}""", "*roi_size needs 2 or 3 sides of 0 to 1024.")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a","b"],"spacing":1e-9}""", "*a spacing of 1E-09 mm is outside 0.01 to 100.")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a","b"],"overlap":1}""", "*an overlap of 1 is not from 0 to below 1.")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a"]}""", "*there must be 2 to 256 classes.")]
    [InlineData("""{"roi_size":[8,8,8],"classes":["a","b"],"run":"me"}""", "*can't be read*")]
    [InlineData("null", "*preprocessing is empty.")]
    public void Nonsense_in_the_file_is_refused(string note, string message)
    {
        var path = Path.Combine(folder, "net.safetensors");
        using var model = Net();
        model.Save(path, new Dictionary<string, string> { [ScanPreparation.Key] = note });

        ((Action)(() => ScanPreparation.In(path))).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    // ---- Segment ----

    [Fact]
    public void A_scan_is_segmented_alike_in_any_orientation()
    {
        var random = new Random(1);
        var values = Enumerable.Range(0, 14 * 12 * 10).Select(_ => (float)random.NextDouble()).ToArray();
        float Body(int right, int front, int up) => values[(up * 12 + front) * 14 + right];
        var (weights, image, labels) = (Path.Combine(folder, "net.safetensors"), Path.Combine(folder, "scan.nii"), Path.Combine(folder, "labels.nii.gz"));
        using var model = Net();
        model.Save(weights, Known.ToNotes());

        var expected = Segmented([0, 1, 2], 0);
        expected.Distinct().Should().HaveCountGreaterThan(1);
        Segmented([2, 0, 1], 5).Should().Equal(expected);
        Segmented([1, 2, 0], 2).Should().Equal(expected);

        byte[] Segmented(int[] axes, int mirrored)
        {
            var (file, size, geometry) = Stored(axes, mirrored, [14, 12, 10], Body);
            WriteScan(image, file, size, geometry);
            Segmentation.Run(SegmentOptions.Parse(["--model", weights, "--image", image, "--out", labels])!, CancellationToken.None);
            var written = Nifti.Read(labels);
            written.Geometry.Matches(geometry, size).Should().BeTrue();
            return new ScanGrid(size, geometry, spacing: null).Image(written.Values).to(ScalarType.Byte).contiguous().data<byte>().ToArray();
        }
    }

    [Fact]
    public void A_network_for_images_takes_slice_by_slice()
    {
        var (weights, image, labels) = (Path.Combine(folder, "net.safetensors"), Path.Combine(folder, "scan.nii"), Path.Combine(folder, "labels.nii"));
        using var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, Widths = [4, 8], Norm = Normalization.None });
        model.Save(weights);
        var (size, random) = (new VolumeSize(3, 10, 12), new Random(1));
        var values = Enumerable.Range(0, size.Voxels).Select(_ => (float)random.NextDouble()).ToArray();
        WriteScan(image, values, size, NiftiGeometry.Plain(1));

        Segmentation.Run(SegmentOptions.Parse(["--model", weights, "--image", image, "--out", labels])!, CancellationToken.None);

        model.eval();
        using var output = model.call(tensor(ScanIntensity.Normalize(values), [3, 1, 10, 12]));
        Nifti.Read(labels).Values.Should().Equal(output.Logits.argmax(1).to(ScalarType.Float32).flatten().data<float>().ToArray());
    }

    [Theory]
    [InlineData("--image is missing.", "--model", "a", "--out", "b")]
    [InlineData("--out needs a value.", "--model", "a", "--out")]
    [InlineData("There is no option '--fast'.", "--fast")]
    [InlineData("--spacing needs a number of millimetres from 0.01 to 100, not '0'.", "--spacing", "0")]
    [InlineData("--overlap needs a share from 0 to below 1, not '1'.", "--overlap", "1")]
    [InlineData("--roi needs whole numbers from 0 to 4096, not 'x'.", "--roi", "8,x,8")]
    [InlineData("--device needs cpu, cuda or cuda:0, cuda:1 and so on, not 'gpu'.", "--device", "gpu")]
    [InlineData("--device needs cpu, cuda or cuda:0, cuda:1 and so on, not 'cuda:x'.", "--device", "cuda:x")]
    [InlineData("--out needs a name that ends with .nii or .nii.gz, not 'labels.png'.", "--model", "a", "--image", "b", "--out", "labels.png")]
    [InlineData("--out is the file of --image, which it would replace.", "--model", "a", "--image", "scan.nii", "--out", "./scan.nii")]
    public void Wrong_options_are_named(string message, params string[] arguments) =>
        ((Action)(() => SegmentOptions.Parse(arguments))).Should().Throw<UsageException>().WithMessage(message);

    [Fact]
    public void Windows_must_have_the_networks_axes()
    {
        var weights = Path.Combine(folder, "net.safetensors");
        using var model = Net();
        model.Save(weights);
        var image = Path.Combine(folder, "scan.nii");
        WriteScan(image, [.. Enumerable.Range(0, 64).Select(at => (float)at)], new VolumeSize(4, 4, 4), NiftiGeometry.Plain(1));

        var run = () => Segmentation.Run(SegmentOptions.Parse(["--model", weights, "--image", image, "--out", Path.Combine(folder, "out.nii"), "--roi", "8,8"])!, CancellationToken.None);

        run.Should().Throw<UsageException>().WithMessage("Windows need 3 sides for UNet, not 2.");
    }

    [Fact]
    public void What_can_be_known_before_the_work_is_said_before_it()
    {
        var (weights, image, labels) = (Path.Combine(folder, "net.safetensors"), Path.Combine(folder, "scan.nii"), Path.Combine(folder, "labels.nii.gz"));
        using var model = Net();
        model.Save(weights, Known.ToNotes());
        var many = Path.Combine(folder, "many.safetensors");
        using var classes = new UNet(new UNetOptions { InChannels = 1, OutChannels = 257, SpatialDims = SpatialDims.Three, Widths = [2, 2] });
        classes.Save(many);

        // There is no image, so whatever is said is said without having read it.
        Refused<IOException>($"{folder}/none/labels.nii can't be written: there is no folder {folder}/none.", "--model", weights, "--out", $"{folder}/none/labels.nii");
        Directory.CreateDirectory(Path.Combine(folder, "folder.nii"));
        Refused<IOException>($"{folder}/folder.nii is a folder, not a file to write.", "--model", weights, "--out", $"{folder}/folder.nii");
        Refused<UsageException>($"{many} has 257 classes; a label map holds 256 at most.", "--model", many, "--out", labels);
        Refused<UsageException>("Windows need 3 sides for UNet, not 2.", "--model", weights, "--out", labels, "--roi", "8,8");
        if (!cuda.is_available()) Refused<UsageException>("--device cuda:1: there is no GPU that libtorch can use. Nearest: --device cpu.", "--model", weights, "--out", labels, "--device", "cuda:1");
        Directory.GetFiles(folder).Should().BeEquivalentTo(weights, many);

        void Refused<T>(string message, params string[] arguments) where T : Exception =>
            ((Action)(() => Segmentation.Run(SegmentOptions.Parse(["--image", image, .. arguments])!, CancellationToken.None))).Should().Throw<T>().WithMessage(message);
    }

    [Fact]
    public void An_interrupted_run_leaves_the_label_map_of_before()
    {
        var (weights, image, labels) = (Path.Combine(folder, "net.safetensors"), Path.Combine(folder, "scan.nii"), Path.Combine(folder, "labels.nii"));
        using var model = Net();
        model.Save(weights, Known.ToNotes());
        WriteScan(image, [.. Enumerable.Range(0, 4096).Select(at => (float)at)], new VolumeSize(16, 16, 16), NiftiGeometry.Plain(1));
        File.WriteAllText(labels, "before");

        var run = () => Segmentation.Run(SegmentOptions.Parse(["--model", weights, "--image", image, "--out", labels, "--device", "cpu"])!, new CancellationToken(canceled: true));

        run.Should().Throw<OperationCanceledException>();
        File.ReadAllText(labels).Should().Be("before");
        Directory.GetFiles(folder).Should().BeEquivalentTo(weights, image, labels);
    }

    // ---- Help ----

    private static ScanPreparation Known { get; } = new() { Spacing = 1.25, RoiSize = [8, 8, 8], Classes = ["background", "one", "two"], MirrorSymmetric = true };

    private static UNet Net()
    {
        manual_seed(1);
        var model = new UNet(new UNetOptions { InChannels = 1, OutChannels = 3, SpatialDims = SpatialDims.Three, Widths = [4, 8], Norm = Normalization.Instance });
        // Without biases no class is everywhere ahead.
        using var noGradient = no_grad();
        foreach (var (_, bias) in model.named_parameters().Where(entry => entry.name.EndsWith("bias", StringComparison.Ordinal))) bias.zero_();
        return model;
    }

    /// <summary>A volume as a file stores it whose axes (x, y, z) run along <paramref name="axes"/> of the body (0 right, 1 front, 2 up), those of the bits in <paramref name="mirrored"/> the other way.</summary>
    private static (float[] Values, VolumeSize Size, NiftiGeometry Geometry) Stored(int[] axes, int mirrored, int[] body, Func<int, int, int, float> at)
    {
        int[] sides = [.. axes.Select(direction => body[direction])];
        var affine = new double[12];
        for (var axis = 0; axis < 3; axis++)
        {
            var backwards = (mirrored >> axis & 1) == 1;
            affine[4 * axes[axis] + axis] = backwards ? -1 : 1;
            affine[4 * axes[axis] + 3] = backwards ? sides[axis] - 1 : 0;
        }

        var values = new float[sides[0] * sides[1] * sides[2]];
        for (var i = 0; i < values.Length; i++)
        {
            int[] voxel = [i % sides[0], i / sides[0] % sides[1], i / (sides[0] * sides[1])];
            var place = new int[3];
            for (var axis = 0; axis < 3; axis++) place[axes[axis]] = (mirrored >> axis & 1) == 1 ? sides[axis] - 1 - voxel[axis] : voxel[axis];
            values[i] = at(place[0], place[1], place[2]);
        }
        return (values, new VolumeSize(sides[2], sides[1], sides[0]), new NiftiGeometry { PixDim = [1, 1, 1, 1], SFormCode = 1, SForm = affine });
    }

    private static void WriteScan(string path, float[] values, VolumeSize size, NiftiGeometry geometry) => File.WriteAllBytes(path, new NiftiFile(size.X, size.Y, size.Z)
        .Single(76, Array.ConvertAll(geometry.PixDim, value => (float)value)).Int16(252, geometry.QFormCode, geometry.SFormCode).Single(280, Array.ConvertAll(geometry.SForm, value => (float)value))
        .Voxels(16, 4, MemoryMarshal.AsBytes<float>(values).ToArray()).ToBytes());
}
