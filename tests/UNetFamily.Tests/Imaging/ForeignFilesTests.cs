using System.IO.Compression;
using System.Text.Json;
using UNetFamily.NnUNet;

namespace UNetFamily.Tests.Imaging;

/// <summary>Files of other programs are read as those programs read them, and labels come back to where the image was.</summary>
public sealed class ForeignFilesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("imaging-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string> Volumes => ImagingFiles.Names("volumes");

    public static TheoryData<string> Pictures => ImagingFiles.Names("pictures");

    [Theory]
    [MemberData(nameof(Volumes))]
    public void Volumes_are_what_nibabel_reads(string name)
    {
        var expected = ImagingFiles.Of("volumes", name);

        var volume = ImageFile.Read(ImagingFiles.Path(name));

        volume.Values.Should().Equal(expected.Values());
        volume.Size.Should().Be(expected.Size());
        ((NiftiGeometry)volume.Geometry).HeaderSpacing.Should().Be(SpacingOf(expected));
        if (expected.TryGetProperty("affine", out _)) Near(volume.Geometry.Affine(), expected.Numbers("affine"));
    }

    [Theory]
    [MemberData(nameof(Volumes))]
    public void Readers_turn_axes_as_nibabel_does_and_labels_come_back(string name)
    {
        var entry = ImagingFiles.Of("volumes", name);
        if (!name.EndsWith(".nii.gz", StringComparison.Ordinal)) return;
        var (plain, turned) = (ImageReader.Of("NibabelIO").Read(ImagingFiles.Path(name)), ImageReader.Of("NibabelIOWithReorient"));
        plain.Values.Should().Equal(entry.Values());
        plain.Spacing.Should().Be(SpacingOf(entry));

        var image = turned.Read(ImagingFiles.Path(name));
        if (entry.TryGetProperty("ras", out var expected))
        {
            image.Values.Should().Equal(expected.Values());
            image.Size.Should().Be(expected.Size());
            image.Spacing.Should().Be(SpacingOf(expected));
            Near(image.Geometry.Affine(), expected.Numbers("affine"));
        }
        else image.Values.Take(5).Should().Equal(plain.Values.Take(5).Reverse(), "without forms nibabel takes x for running to the left");

        // Each voxel's label is its place in the file, whatever the reader did to the axes.
        ushort[] places = [.. Enumerable.Range(0, plain.Values.Length).Select(i => (ushort)(i + 200))];
        var path = Path.Combine(folder, "labels.nii.gz");
        var there = image.Geometry is TurnedGeometry way ? way.Orientation.Turn(places, plain.Size) : places;
        turned.WriteLabels(path, there, image);
        var written = Nifti.Read(path);
        written.Values.Should().Equal(places.Select(label => (float)label));
        if (name.Contains("nifti2", StringComparison.Ordinal)) Near(written.Geometry.Affine(), plain.Geometry.Affine());
        else written.Geometry.Should().BeEquivalentTo(plain.Geometry);
        turned.ReadLabels(path).Labels.Should().Equal(there.Select(label => (short)label));
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void Pictures_are_what_scikit_image_reads(string name)
    {
        var expected = ImagingFiles.Of("pictures", name);
        int[] shape = [.. expected.Numbers("shape").Select(side => (int)side)];

        var picture = ImageFile.Read(ImagingFiles.Path(name));

        if (name.StartsWith("stack", StringComparison.Ordinal))
        {
            picture.Size.Should().Be(VolumeSize.Of(shape));
            picture.Values.Should().Equal(expected.Values());
            return;
        }
        picture.Size.Should().Be(new VolumeSize(1, shape[0], shape[1]));
        // A palette is expanded to its colours; the program that made the list adds a channel of opacity to them.
        var stored = shape.Length == 3 ? shape[2] : 1;
        picture.Channels.Should().HaveCount(name.StartsWith("palette", StringComparison.Ordinal) ? 3 : stored);
        foreach (var (number, channel) in picture.Channels.Index()) channel.Should().Equal(expected.Values().Where((_, i) => i % stored == number));
    }

    [Fact]
    public void What_is_no_volume_of_numbers_is_refused_with_its_path()
    {
        Reading("four.nii.gz").Should().Throw<InvalidDataException>().WithMessage("*four.nii.gz: only single volumes are read, and images of two axes; the shape is 5 x 4 x 3 x 2.");
        Reading("rgb.nii.gz").Should().Throw<InvalidDataException>().WithMessage("*rgb.nii.gz: voxels are colours (RGB), which are no measurements; split them into channels.");
        Reading("grey16.png").Should().Throw<InvalidDataException>().WithMessage("*grey16.png: the picture has 16 bits for each value; only 8 are read. Save it as TIFF.");
        Reading("volumes.json").Should().Throw<NotSupportedException>().WithMessage("*volumes.json: no format is known for that name. Names may end with .nii.gz, .nii*");

        static Action Reading(string name) => () => ImageFile.Read(ImagingFiles.Path(name));
    }

    [Fact]
    public void Any_byte_of_any_file_may_be_damaged_and_the_file_is_read_or_refused()
    {
        var random = new Random(11);
        foreach (var source in (string[])["rgba.png", "rgb.bmp", "grey16.tif", "stackf.tif", "nifti2.nii.gz"])
        {
            var bytes = File.ReadAllBytes(ImagingFiles.Path(source));
            var path = Path.Combine(folder, source);
            for (var trial = 0; trial < 60; trial++)
            {
                var damaged = (byte[])bytes.Clone();
                for (var flips = random.Next(1, 4); flips > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, trial % 4 == 0 ? damaged[..random.Next(damaged.Length)] : damaged);
                try
                {
                    ImageFile.Read(path);
                }
                catch (InvalidDataException problem)
                {
                    problem.Message.Should().StartWith(path);
                }
            }
        }
    }

    [Fact]
    public void Damaged_headers_of_the_second_version_are_read_or_refused_but_nothing_else()
    {
        using var packed = new GZipStream(File.OpenRead(ImagingFiles.Path("nifti2_int.nii.gz")), CompressionMode.Decompress);
        using var memory = new MemoryStream();
        packed.CopyTo(memory);
        var (bytes, random) = (memory.ToArray(), new Random(13));
        for (var trial = 0; trial < 5000; trial++)
        {
            var damaged = (byte[])bytes.Clone();
            for (var flips = random.Next(1, 5); flips > 0; flips--) damaged[random.Next(544)] ^= (byte)(1 << random.Next(8));
            // Sides are where overflow could be.
            if (trial % 3 == 0) random.NextBytes(damaged.AsSpan(24 + 8 * random.Next(3), 8));
            try
            {
                Nifti.Read(new MemoryStream(damaged)).Values.Should().HaveCountLessThanOrEqualTo(240);
            }
            catch (InvalidDataException)
            {
                // As it should be.
            }
        }
        foreach (var axis in (int[])[0, 1, 2]) BitConverter.TryWriteBytes(bytes.AsSpan(24 + 8 * axis), 1L << 43).Should().BeTrue();
        ((Action)(() => Nifti.Read(new MemoryStream(bytes)))).Should().Throw<InvalidDataException>().WithMessage("8796093022208 x 8796093022208 x 8796093022208 is more than the 1,073,741,824 voxels that are read.");
    }

    [Theory]
    [InlineData("labels.nii.gz")]
    [InlineData("labels.nii")]
    [InlineData("labels.nrrd")]
    [InlineData("labels.mha")]
    [InlineData("labels.tif")]
    public void Labels_of_eight_and_sixteen_bits_come_back_in_every_format(string name)
    {
        var (size, path) = (new VolumeSize(3, 4, 5), Path.Combine(folder, name));
        var image = ImageFile.Read(ImagingFiles.Path("nifti2.nii.gz"));
        foreach (var most in (int[])[254, 255, 40_000])
        {
            ushort[] labels = [.. Enumerable.Range(0, size.Voxels).Select(i => (ushort)(i == 7 ? most : i))];
            ImageFile.WriteLabels(path, labels, size, image.Geometry);
            var read = ImageFile.Read(path);
            read.Values.Should().Equal(labels.Select(label => (float)label));
            read.Size.Should().Be(size);
            if (!name.EndsWith(".tif", StringComparison.Ordinal)) Near(read.Geometry.Affine(), image.Geometry.Affine());
            Directory.GetFiles(folder).Should().Equal(path);
        }
        ((Action)(() => ImageFile.WriteLabels(path, new ushort[7], size, image.Geometry))).Should().Throw<ArgumentException>().WithMessage("7 labels don't fill a grid of 5 x 4 x 3.*");
    }

    [Theory]
    [InlineData("labels.png")]
    [InlineData("labels.bmp")]
    public void Labels_are_written_as_grey_pictures(string name)
    {
        var (size, path) = (new VolumeSize(1, 7, 5), Path.Combine(folder, name));
        ushort[] labels = [.. Enumerable.Range(0, 35).Select(i => (ushort)(7 * i))];
        var geometry = ImageFile.Read(ImagingFiles.Path("rgb.png")).Geometry;
        ImageFile.WriteLabels(path, labels, size, geometry);
        ImageFile.Read(path).Channels[0].Should().Equal(labels.Select(label => (float)label));
        ((Action)(() => ImageFile.WriteLabels(path, [.. labels.Select(label => (ushort)(label + 200))], size, geometry))).Should().Throw<ArgumentException>().WithMessage("A label above 254 doesn't fit into a picture of 8 bits.*");
        ((Action)(() => ImageFile.WriteLabels(path, new ushort[70], size with { Z = 2 }, geometry))).Should().Throw<ArgumentException>().WithMessage("A picture has one slice, not 2.*");
        ImageFile.Read(path).Channels[0].Should().Equal(labels.Select(label => (float)label), "what could not be written leaves the file of before");
    }

    private static VolumeSpacing SpacingOf(JsonElement entry) => entry.Numbers("spacing") is [var x, var y, var z] ? new(z, y, x) : throw new InvalidDataException();

    private static void Near(double[] found, double[] expected) => found.Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-5);
}
