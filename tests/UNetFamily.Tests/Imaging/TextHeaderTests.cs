using System.IO.Compression;
using System.Text;

namespace UNetFamily.Tests.Imaging;

/// <summary>NRRD and MetaImage, from files written field by field.</summary>
public sealed class TextHeaderTests : IDisposable
{
    private const string NrrdHeader = "NRRD0005\n# by hand\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 3 2\nspace directions: (1.5,0,0) (0,2,0) (0,0,2.5)\nkinds: domain domain domain\nendian: little\nencoding: raw\nspace origin: (10,20,30)\nnote:=anything\n\n";

    private const string MetaHeader = "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\nTransformMatrix = 0 1 0 -1 0 0 0 0 1\nOffset = 10 20 30\nElementSpacing = 1.5 2 2.5\nDimSize = 2 3 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n";

    private readonly string folder = Directory.CreateTempSubdirectory("imaging-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Nrrd_is_read_with_its_place_in_space()
    {
        var volume = Read("a.nrrd", NrrdHeader, Voxels());
        volume.Values.Should().Equal(Enumerable.Range(0, 12).Select(i => (float)(i - 3)));
        volume.Size.Should().Be(new VolumeSize(2, 3, 2));
        volume.Spacing.Should().Be(new VolumeSpacing(2.5, 2, 1.5));
        // Its space runs to the left and to the back.
        volume.Geometry.Affine().Should().Equal(-1.5, 0, 0, -10, 0, -2, 0, -20, 0, 0, 2.5, 30);
        Read("a.nrrd", NrrdHeader.Replace("left-posterior-superior", "RAS"), Voxels()).Geometry.Affine().Should().Equal(1.5, 0, 0, 10, 0, 2, 0, 20, 0, 0, 2.5, 30);
        Read("a.nrrd", NrrdHeader.Replace("encoding: raw", "encoding: gzip"), Gzip(Voxels())).Values.Should().Equal(volume.Values);
        Read("a.nrrd", NrrdHeader.Replace("endian: little", "endian: big"), Swapped(Voxels())).Values.Should().Equal(volume.Values);
    }

    [Fact]
    public void Voxels_of_nrrd_and_metaimage_may_lie_beside_their_header()
    {
        File.WriteAllBytes(Path.Combine(folder, "a.raw"), Voxels());
        var expected = Enumerable.Range(0, 12).Select(i => (float)(i - 3)).ToArray();
        Read("a.nhdr", NrrdHeader[..^1] + "data file: a.raw\n", []).Values.Should().Equal(expected);
        Read("a.mhd", MetaHeader.Replace("LOCAL", "a.raw"), []).Values.Should().Equal(expected);
        foreach (var other in (string[])["../a.raw", "/etc/hostname", "LIST", "..", "sub/a.raw"])
            ((Action)(() => Read("a.mhd", MetaHeader.Replace("LOCAL", other), []))).Should().Throw<Exception>().Where(problem => problem is InvalidDataException || problem is FileNotFoundException || problem is IOException);
        ((Action)(() => Read("a.nhdr", NrrdHeader[..^1] + "data file: ../a.raw\n", []))).Should().Throw<InvalidDataException>().WithMessage("*the voxels are in '../a.raw'; only a file of the header's own folder is read.");
    }

    [Fact]
    public void MetaImage_is_read_with_its_place_in_space()
    {
        var volume = Read("a.mha", MetaHeader, Voxels());
        volume.Values.Should().Equal(Enumerable.Range(0, 12).Select(i => (float)(i - 3)));
        volume.Spacing.Should().Be(new VolumeSpacing(2.5, 2, 1.5));
        // The matrix holds the direction of x first: to the back; then that of y: to the right.
        volume.Geometry.Affine().Should().Equal(0, 2, 0, -10, -1.5, 0, 0, -20, 0, 0, 2.5, 30);
        Read("a.mha", MetaHeader.Replace("CompressedData = False", "CompressedData = True"), Zlib(Voxels())).Values.Should().Equal(volume.Values);
        Read("a.mha", MetaHeader.Replace("MSB = False", "MSB = True"), Swapped(Voxels())).Values.Should().Equal(volume.Values);
        var flat = Read("a.mha", "NDims = 2\nElementSpacing = 0.5 0.25\nDimSize = 3 4\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n", new byte[12]);
        flat.Size.Should().Be(new VolumeSize(1, 4, 3));
        flat.Geometry.Rank.Should().Be(2);
    }

    public static TheoryData<string, string, string> Hostile() => new()
    {
        { "a.nrrd", "not NRRD: the magic number is missing.", "P5\n\n" },
        { "a.nrrd", "the header has no 'encoding'.", NrrdHeader.Replace("encoding: raw\n", "") },
        { "a.nrrd", "only images of two or three axes are read; the dimension is 4.", NrrdHeader.Replace("dimension: 3", "dimension: 4") },
        { "a.nrrd", "the encoding bzip2 is not read, only raw and gzip.", NrrdHeader.Replace("raw", "bzip2") },
        { "a.nrrd", "voxels of type block are not read, only int8*", NrrdHeader.Replace("type: short", "type: block") },
        { "a.nrrd", "every axis needs a voxel or more; sizes is 2 0 2.", NrrdHeader.Replace("sizes: 2 3 2", "sizes: 2 0 2") },
        { "a.nrrd", "99999 x 99999 x 99999 is more than the 1,073,741,824 voxels that are read.", NrrdHeader.Replace("sizes: 2 3 2", "sizes: 99999 99999 99999") },
        { "a.nrrd", "the header promises 4,000,000 bytes of voxels, and the file can't hold more than 24.", NrrdHeader.Replace("sizes: 2 3 2", "sizes: 1000 1000 2") },
        { "a.nrrd", "The affine map is none: an axis has no direction of its own.*", NrrdHeader.Replace("(0,2,0)", "(3,0,0)") },
        { "a.nrrd", "the header has 'type' twice.", NrrdHeader.Replace("endian", "type") },
        { "a.nrrd", "sizes holds 'x', which is no number.", NrrdHeader.Replace("2 3 2", "2 x 2") },
        { "a.mha", "not MetaImage: the header has a line that is no field: 'hello'.", "hello\nElementDataFile = LOCAL\n" },
        { "a.mha", "not MetaImage: the header has no 'NDims'.", "ElementDataFile = LOCAL\n" },
        { "a.mha", "the file is truncated: its header does not end.", "NDims = 3\n" },
        { "a.mha", "DimSize must hold 3 numbers, holds 2.", MetaHeader.Replace("DimSize = 2 3 2", "DimSize = 2 3") },
        { "a.mha", "voxels have 3 channels; only single numbers are read.", "ElementNumberOfChannels = 3\n" + MetaHeader },
        { "a.mha", "The affine map is none: an axis has no direction of its own.*", MetaHeader.Replace("ElementSpacing = 1.5", "ElementSpacing = 0") },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Refuses(string name, string message, string header)
    {
        var reading = () => Read(name, header, Voxels());
        reading.Should().Throw<InvalidDataException>().WithMessage(Path.Combine(folder, name) + ": " + message);
    }

    [Fact]
    public void Damaged_headers_are_read_or_refused_but_nothing_else()
    {
        var random = new Random(5);
        foreach (var (name, header) in ((string, string)[])[("a.nrrd", NrrdHeader), ("a.mha", MetaHeader)])
        {
            for (var trial = 0; trial < 400; trial++)
            {
                var bytes = Encoding.Latin1.GetBytes(header);
                for (var flips = random.Next(1, 4); flips > 0; flips--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                try
                {
                    Read(name, Encoding.Latin1.GetString(bytes), Voxels()).Values.Should().HaveCountLessThanOrEqualTo(24);
                }
                catch (Exception problem) when (problem is InvalidDataException or FileNotFoundException)
                {
                    // As it should be; a damaged name of a file is a file that isn't there.
                }
            }
        }
    }

    private Volume Read(string name, string header, byte[] voxels)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, [.. Encoding.Latin1.GetBytes(header), .. voxels]);
        return ImageFile.Read(path);
    }

    private static byte[] Voxels() => [.. Enumerable.Range(0, 12).SelectMany(i => BitConverter.GetBytes((short)(i - 3)))];

    private static byte[] Swapped(byte[] bytes) => [.. bytes.Chunk(2).SelectMany(pair => pair.Reverse())];

    private static byte[] Gzip(byte[] bytes) => NiftiFile.Zip(bytes);

    private static byte[] Zlib(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var packed = new ZLibStream(memory, CompressionLevel.Optimal)) packed.Write(bytes);
        return memory.ToArray();
    }
}
