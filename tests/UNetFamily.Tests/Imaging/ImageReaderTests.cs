using UNetFamily.NnUNet;

namespace UNetFamily.Tests.Imaging;

public sealed class ImageReaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("imaging-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Channels_of_a_case_come_in_order_and_must_agree()
    {
        var (one, two, other, far) = (Write("c_0000.nii", new NiftiFile().Voxels(Bytes(1))), Write("c_0001.nii", new NiftiFile().Voxels(Bytes(2))), Write("d.nii", new NiftiFile(2, 3, 3)), Write("e.nii", new NiftiFile().Single(76, 1, 1.5f, 2, 2.6f)));
        foreach (var reader in (string[])["SimpleITKIO", "SimpleITKIOWithReorient", "NibabelIO"])
        {
            var image = ImageReader.Of(reader).Read(one, two);
            image.Channels.Select(channel => channel[5]).Should().Equal(6, 7);
            image.Size.Should().Be(new VolumeSize(4, 3, 2));
            image.Spacing.Should().Be(new VolumeSpacing(2.5, 2, 1.5));
        }
        ((Action)(() => ImageReader.Of("NibabelIO").Read(one, other))).Should().Throw<InvalidDataException>().WithMessage("*d.nii: the channel has 2 x 3 x 3 voxels, *c_0000.nii has 2 x 3 x 4.");
        ((Action)(() => ImageReader.Of("NibabelIO").Read(one, far))).Should().Throw<InvalidDataException>().WithMessage("*e.nii: the channel's voxels are 1.5 x 2 x 2.5999999046325684 mm apart, those of *c_0000.nii are 1.5 x 2 x 2.5.");
        ((Action)(() => ImageReader.Of("NaturalImage2DIO").Read(one))).Should().Throw<InvalidDataException>().WithMessage("*c_0000.nii: NaturalImage2DIO takes .png, .bmp, .tif.");
        ((Action)(() => ImageReader.Of("DicomIO"))).Should().Throw<ArgumentException>().WithMessage("There is no reader 'DicomIO'. Known are SimpleITKIO, SimpleITKIOWithReorient, NibabelIO, NibabelIOWithReorient, NaturalImage2DIO, Tiff3DIO.*");
    }

    [Fact]
    public void An_image_of_two_axes_is_a_slice_far_from_others()
    {
        var path = Write("flat.nii", new NiftiFile(5, 4, 1).Int16(40, 2, 5, 4).Single(76, 1, 0.5f, 0.75f, 0));
        var image = ImageReader.Of("SimpleITKIO").Read(path);
        image.Spacing.Should().Be(new VolumeSpacing(999 * 0.75, 0.75, 0.5));
        image.Size.Should().Be(new VolumeSize(1, 4, 5));
        ((Action)(() => ImageReader.Of("NibabelIO").Read(path))).Should().Throw<InvalidDataException>().WithMessage("*flat.nii: NibabelIO takes images of three axes, this one has 2.");
        ImageReader.Of("SimpleITKIO").WriteLabels(Path.Combine(folder, "labels.nii"), new ushort[20], image);
        Nifti.Read(Path.Combine(folder, "labels.nii")).Geometry.Rank.Should().Be(2);
    }

    [Fact]
    public void Units_count_for_one_reader_and_not_for_the_other()
    {
        var bytes = new NiftiFile().ToBytes();
        bytes[123] = 3;
        var path = Path.Combine(folder, "microns.nii");
        File.WriteAllBytes(path, bytes);
        ImageReader.Of("NibabelIO").Read(path).Spacing.Should().Be(new VolumeSpacing(2.5, 2, 1.5));
        ImageReader.Of("SimpleITKIO").Read(path).Spacing.Should().Be(new VolumeSpacing(2.5 * 0.001, 2 * 0.001, 1.5 * 0.001));
    }

    [Fact]
    public void Pictures_are_slices_of_channels()
    {
        var image = ImageReader.Of("NaturalImage2DIO").Read(ImagingFiles.Path("rgb.png"));
        image.Channels.Should().HaveCount(3);
        image.Spacing.Should().Be(new VolumeSpacing(999, 1, 1));
        ((Action)(() => ImageReader.Of("NaturalImage2DIO").Read(ImagingFiles.Path("stack.tif")))).Should().Throw<InvalidDataException>().WithMessage("*stack.tif: NaturalImage2DIO takes single pictures, this file has 3 pages.");
    }

    [Fact]
    public void The_spacing_of_a_stack_lies_beside_it()
    {
        var (reader, path) = (ImageReader.Of("Tiff3DIO"), Path.Combine(folder, "case_0000.tif"));
        File.Copy(ImagingFiles.Path("stack.tif"), path);
        reader.Read(path).Spacing.Should().Be(new VolumeSpacing(1, 1, 1));
        File.WriteAllText(Path.Combine(folder, "case.json"), """{"spacing": [5, 0.5, 0.75]}""");
        var image = reader.Read(path);
        image.Spacing.Should().Be(new VolumeSpacing(5, 0.5, 0.75));
        reader.WriteLabels(Path.Combine(folder, "labels.tif"), new ushort[60], image);
        File.ReadAllText(Path.Combine(folder, "labels.json")).Should().Be("""{"spacing":[5,0.5,0.75]}""");
        reader.ReadLabels(Path.Combine(folder, "labels.tif")).Size.Should().Be(new VolumeSize(3, 5, 4));
        File.WriteAllText(Path.Combine(folder, "case.json"), """{"spacing": [5, 0, 0.75]}""");
        ((Action)(() => reader.Read(path))).Should().Throw<InvalidDataException>().WithMessage("*case.json: 'spacing' must hold three numbers above 0.");
    }

    [Fact]
    public void Labels_are_whole_numbers()
    {
        var path = Write("x.nii", new NiftiFile(2, 1, 1).Voxels(16, 4, [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(0.5f)]));
        ((Action)(() => ImageReader.Of("NibabelIO").ReadLabels(path))).Should().Throw<InvalidDataException>().WithMessage("*x.nii: 0.5 is no label.");
    }

    private string Write(string name, NiftiFile file)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, file.ToBytes());
        return path;
    }

    private static byte[] Bytes(int first) => [.. Enumerable.Range(first, 24).Select(value => (byte)value)];
}
