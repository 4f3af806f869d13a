namespace UNetFamily.Tests.Imaging;

public sealed class NiftiTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("nifti-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<short, string, bool, bool> Kinds()
    {
        var data = new TheoryData<short, string, bool, bool>();
        foreach (var (code, kind) in new (short, string)[] { (2, "uint8"), (4, "int16"), (8, "int32"), (16, "float32"), (64, "float64"), (256, "int8"), (512, "uint16"), (768, "uint32"), (1024, "int64"), (1280, "uint64") })
            foreach (var bigEndian in (bool[])[false, true])
                foreach (var zipped in (bool[])[false, true]) data.Add(code, kind, bigEndian, zipped);
        return data;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Reads_every_kind_of_voxel_in_both_byte_orders(short code, string kind, bool bigEndian, bool zipped)
    {
        var (values, bytes) = Numbers(kind);
        var file = new NiftiFile(values.Length, 1, 1, bigEndian).Voxels(code, bytes.Length / values.Length, bytes).ToBytes();

        var volume = Read(zipped ? NiftiFile.Zip(file) : file);

        volume.Values.Should().Equal(values);
        volume.Size.Should().Be(new VolumeSize(1, 1, values.Length));
    }

    // The smallest, the largest and some between, and their little-endian bytes.
    private static (float[] Values, byte[] Bytes) Numbers(string kind)
    {
        return kind switch
        {
            "uint8" => Of<byte>([0, 1, 255], value => [value]),
            "int8" => Of<sbyte>([0, -1, 127, -128], value => [(byte)value]),
            "int16" => Of<short>([0, -2, 300, short.MinValue, short.MaxValue], BitConverter.GetBytes),
            "uint16" => Of<ushort>([0, 300, ushort.MaxValue], BitConverter.GetBytes),
            "int32" => Of([0, -2, 70_000, int.MinValue], BitConverter.GetBytes),
            "uint32" => Of<uint>([0, 70_000, 0x8000_0000], BitConverter.GetBytes),
            "int64" => Of<long>([0, -2, 5_000_000_000, long.MinValue], BitConverter.GetBytes),
            "uint64" => Of<ulong>([0, 5_000_000_000, 1UL << 63], BitConverter.GetBytes),
            "float32" => Of([0, -1.5f, 3e38f, float.NaN], BitConverter.GetBytes),
            _ => Of([0, -1.5, 0.1, double.NegativeInfinity], BitConverter.GetBytes),
        };

        static (float[], byte[]) Of<T>(T[] values, Func<T, byte[]> bytes) where T : struct, System.Numerics.INumberBase<T> =>
            (Array.ConvertAll(values, float.CreateTruncating), [.. values.SelectMany(bytes)]);
    }

    [Fact]
    public void X_runs_fastest()
    {
        var volume = Read(new NiftiFile(2, 3, 4).Voxels([.. Enumerable.Range(0, 24).Select(i => (byte)i)]).ToBytes());

        volume.Size.Should().Be(new VolumeSize(4, 3, 2));
        volume.Values[1 + 2 * (2 + 3 * 3)].Should().Be(23);
        Header(volume).PixDim.Should().Equal(1, 1.5f, 2, 2.5f);
    }

    [Theory]
    [InlineData(2, 1, new float[] { 1, 3, 511 })]
    [InlineData(0, 7, new float[] { 0, 1, 255 })]
    [InlineData(float.NaN, 7, new float[] { 0, 1, 255 })]
    [InlineData(float.NaN, float.NaN, new float[] { 0, 1, 255 })]
    [InlineData(-0.5f, 0, new float[] { 0, -0.5f, -127.5f })]
    public void Scales_unless_the_slope_is_zero_or_no_number(float slope, float intercept, float[] expected)
    {
        Read(new NiftiFile(3, 1, 1).Single(112, slope, intercept).Voxels([0, 1, 255]).ToBytes()).Values.Should().Equal(expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Skips_what_lies_before_the_voxels_whatever_the_flag_says(byte flag)
    {
        var file = new NiftiFile(2, 1, 1).Extension([.. Enumerable.Repeat((byte)0xee, 48)]).Voxels([5, 6]).ToBytes();
        file[348] = flag;

        Read(file).Values.Should().Equal(5, 6);
    }

    [Fact]
    public void Further_axes_of_one_are_a_single_volume()
    {
        Read(new NiftiFile(2, 1, 1).Int16(40, 5, 2, 1, 1, 1, 1).Voxels([5, 6]).ToBytes()).Values.Should().Equal(5, 6);
    }

    [Fact]
    public void Axes_beyond_the_rank_are_not_looked_at()
    {
        Read(new NiftiFile(2, 1, 1).Int16(48, -3, 0, 77).Voxels([5, 6]).ToBytes()).Values.Should().Equal(5, 6);
    }

    public static TheoryData<string, byte[]> Hostile() => new()
    {
        { "the file is truncated.", [] },
        { "the file is truncated.", [0x1f, 0x8b] },
        { "the file is truncated.", new NiftiFile().ToBytes()[..200] },
        { "not NIfTI: the header's size is 0, not 348 or 540.", new byte[400] },
        { "not NIfTI-2: the magic number is missing.", new NiftiFile().Int32(0, 540).ToBytes().Concat(new byte[200]).ToArray() },
        { "not NIfTI-1: the magic number is missing.", new NiftiFile().Text(344, "n+2\0").ToBytes() },
        { "the voxels are in another file (.hdr and .img); give the path of one of the two.", new NiftiFile().Text(344, "ni1\0").ToBytes() },
        { "the number of axes must be 1 to 7, is 0.", new NiftiFile().Int16(40, 0).ToBytes() },
        { "the number of axes must be 1 to 7, is 8.", new NiftiFile().Int16(40, 8).ToBytes() },
        { "the number of axes must be 1 to 7, is -1.", new NiftiFile().Int16(40, -1).ToBytes() },
        { "only single volumes are read, and images of two axes; the shape is 2.", new NiftiFile().Int16(40, 1).ToBytes() },
        { "only single volumes are read, and images of two axes; the shape is 2 x 3 x 4 x 5.", new NiftiFile().Int16(40, 4, 2, 3, 4, 5).ToBytes() },
        { "every axis needs a voxel or more; the shape is 2 x -3 x 4.", new NiftiFile().Int16(44, -3).ToBytes() },
        { "every axis needs a voxel or more; the shape is 0 x 3 x 4.", new NiftiFile().Int16(42, 0).ToBytes() },
        { "every axis needs a voxel or more; the shape is 2 x 3 x 4 x -1.", new NiftiFile().Int16(40, 4, 2, 3, 4, -1).ToBytes() },
        { "32767 x 32767 x 32767 is more than the 1,073,741,824 voxels that are read.", new NiftiFile().Int16(42, 32767, 32767, 32767).ToBytes() },
        { "voxels of data type 32 are not read, only uint8, int16, int32, float32, float64, int8, uint16, uint32, int64, uint64.", new NiftiFile().Int16(70, 32, 64).ToBytes() },
        { "voxels are colours (RGB), which are no measurements; split them into channels.", new NiftiFile().Int16(70, 128, 24).ToBytes() },
        { "the data type is int16, but bitpix is 8.", new NiftiFile().Int16(70, 4, 8).ToBytes() },
        { "vox_offset is 0, inside the header's 352 bytes.", new NiftiFile().Single(108, 0).ToBytes() },
        { "vox_offset is 348, inside the header's 352 bytes.", new NiftiFile().Single(108, 348).ToBytes() },
        { "vox_offset is -352, inside the header's 352 bytes.", new NiftiFile().Single(108, -352).ToBytes() },
        { "vox_offset is 352.5, not a whole number.", new NiftiFile().Single(108, 352.5f).ToBytes() },
        { "vox_offset is NaN, not a whole number.", new NiftiFile().Single(108, float.NaN).ToBytes() },
        { "vox_offset is 1E+30, beyond the 16,777,216 bytes that are skipped.", new NiftiFile().Single(108, 1e30f).ToBytes() },
        { "the scaling is 1 x + Infinity.", new NiftiFile().Single(116, float.PositiveInfinity).ToBytes() },
        { "the size of a voxel is 1 x NaN x 1.", new NiftiFile().Single(80, 1, float.NaN, 1).ToBytes() },
        { "the size of a voxel is 1 x 0 x 1.", new NiftiFile().Single(80, 1, 0, 1).ToBytes() },
        { "the affine map is not finite.", new NiftiFile().Int16(254, 1).Single(280, float.NaN).ToBytes() },
        { "the header promises 376 bytes, and the file can't hold more than 375.", new NiftiFile().ToBytes()[..^1] },
        { "the header promises 368 bytes, and the file can't hold more than 360.", new NiftiFile(2, 2, 2).Single(108, 360).ToBytes() },
        { "the voxels are in another file (.hdr and .img); give the path of one of the two.", new NiftiFile().Text(344, "ni1\0").ToBytes()[..348] },
        { "the voxels are in another file (.hdr and .img); give the path of one of the two.", NiftiFile.Zip(new NiftiFile().Text(344, "ni1\0").ToBytes()[..348]) },
        { "not NIfTI-1: the magic number is missing.", new NiftiFile().Text(344, "\0\0\0\0").ToBytes()[..348] },
        { "the compressed data are damaged, or cut off.", [0x1f, 0x8b, 7, .. NiftiFile.Zip(new NiftiFile().ToBytes())[3..]] },
        { "the affine map (sform) is none: an axis has no direction of its own.", new NiftiFile().Int16(254, 1).Single(280, new float[12]).ToBytes() },
        { "the affine map (sform) is none: an axis has no direction of its own.", new NiftiFile().Int16(254, 1).Single(280, 1, 0, 0, 5, 0, 0, 0, 5, 0, 0, 1, 5).ToBytes() },
        { "the affine map (sform) is none: an axis has no direction of its own.", new NiftiFile().Int16(254, 1).Single(280, 1, 1, 0, 5, 2, 2, 0, 5, 0, 0, 1, 5).ToBytes() },
        { "the size of a voxel is 0 x 0 x 0.", new NiftiFile().Int16(252, 1).Single(80, 0, 0, 0).ToBytes() },
        { "the file is truncated.", NiftiFile.Zip(new NiftiFile().ToBytes()[..^1]) },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Refuses(string message, byte[] file)
    {
        var reading = () => Read(file);

        reading.Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void A_compressed_file_that_was_cut_or_changed_is_refused()
    {
        var file = NiftiFile.Zip(new NiftiFile().ToBytes());

        // The last eight bytes are the checksum and the length; a file that lost only these has all its voxels.
        foreach (var damaged in (byte[][])[.. Enumerable.Range(1, file.Length - 2).Select(cut => file[..^cut]), [.. file[..^6], (byte)~file[^6], .. file[^5..]], [.. file[..^1], (byte)~file[^1]]])
            ((Action)(() => Read(damaged))).Should().Throw<InvalidDataException>().Which.Message.Should().NotContain("archive", "that would be .NET's");
    }

    [Fact]
    public void Any_byte_of_a_compressed_file_may_be_damaged_and_the_message_is_ours()
    {
        var random = new Random(3);
        var bytes = new byte[600];
        random.NextBytes(bytes);
        var file = NiftiFile.Zip(new NiftiFile(10, 10, 6).Voxels(bytes).ToBytes());
        var refused = 0;
        for (var at = 2; at < file.Length; at++)
        {
            var damaged = (byte[])file.Clone();
            damaged[at] ^= (byte)(1 << random.Next(8));
            try
            {
                // In the header of gzip there are bytes that mean nothing to a reader, such as the time.
                Read(damaged).Values.Should().Equal(bytes.Select(value => (float)value));
            }
            catch (InvalidDataException problem)
            {
                problem.Message.Should().NotContain("archive", "that would be .NET's");
                refused++;
            }
        }
        refused.Should().BeGreaterThan(file.Length - 12);
    }

    [Fact]
    public void Gzip_of_several_members_and_with_something_behind_it_is_read_to_its_end()
    {
        var file = new NiftiFile().Voxels([.. Enumerable.Range(0, 24).Select(i => (byte)i)]).ToBytes();
        var expected = Read(file).Values;
        byte[] members = [.. NiftiFile.Zip(file[..100]), .. NiftiFile.Zip(file[100..360]), .. NiftiFile.Zip(file[360..]), .. NiftiFile.Zip([])];
        Read(members).Values.Should().Equal(expected);
        Read([.. members, .. new byte[512]]).Values.Should().Equal(expected, "archives are padded with zeros");
        ((Action)(() => Read(members[..^3]))).Should().Throw<InvalidDataException>().WithMessage("the compressed data are damaged, or cut off.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16 << 20)]
    public void A_few_bytes_behind_the_last_voxel_mean_nothing(int count)
    {
        byte[] file = [.. new NiftiFile(2, 1, 1).Voxels([5, 6]).ToBytes(), .. new byte[count]];
        Read(file).Values.Should().Equal(5, 6);
        Read(NiftiFile.Zip(file)).Values.Should().Equal(5, 6);
        ((Action)(() => Read(NiftiFile.Zip(file)[..^1]))).Should().Throw<InvalidDataException>("the checksum is looked at all the same");
    }

    [Fact]
    public void Many_bytes_behind_the_last_voxel_say_that_the_header_is_wrong()
    {
        byte[] file = [.. new NiftiFile().ToBytes(), .. new byte[(16 << 20) + 1]];
        foreach (var bytes in (byte[][])[file, NiftiFile.Zip(file)])
            ((Action)(() => Read(bytes))).Should().Throw<InvalidDataException>().WithMessage("the file goes on after its last voxel for more than 16,777,216 bytes: 2 x 3 x 4 voxels of uint8 end at byte 376.");
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(-1, 1, 1)]
    [InlineData(float.NaN, 1, 1)]
    public void The_size_of_a_voxel_means_nothing_beside_an_sform(float x, float y, float z)
    {
        var volume = Read(new NiftiFile(2, 1, 1).Voxels([5, 6]).Single(76, 1, x, y, z).Int16(252, 1, 2).Single(280, 0, 2, 0, 9, -3, 0, 0, 9, 0, 0, 4, 9).ToBytes());
        volume.Geometry.Spacing.Should().Be(new VolumeSpacing(4, 2, 3));
        volume.Geometry.VoxelVolume.Should().Be(24);
    }

    [Fact]
    public void A_long_scan_is_not_too_large()
    {
        ((Action)(() => Read(new NiftiFile().Int16(42, 512, 512, 1100).ToBytes()))).Should().Throw<InvalidDataException>().WithMessage("the header promises 288,358,752 bytes, and the file can't hold more than 376.");
    }

    [Fact]
    public void A_small_compressed_file_cannot_make_it_allocate_for_a_large_volume()
    {
        var bomb = NiftiFile.Zip(new NiftiFile().Int16(42, 512, 512, 1024).ToBytes());

        var before = GC.GetAllocatedBytesForCurrentThread();
        ((Action)(() => Read(bomb))).Should().Throw<InvalidDataException>().WithMessage("the header promises 268,435,808 bytes, and the file can't hold more than *");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
    }

    [Fact]
    public void No_more_is_inflated_than_the_header_promises()
    {
        var endless = NiftiFile.Zip([.. new NiftiFile().ToBytes(), .. new byte[64 << 20]]);

        var before = GC.GetAllocatedBytesForCurrentThread();
        ((Action)(() => Read(endless))).Should().Throw<InvalidDataException>().WithMessage("the file goes on after its last voxel*");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
    }

    [Fact]
    public void Damaged_headers_are_read_or_refused_but_nothing_else()
    {
        var random = new Random(7);
        var file = new NiftiFile().ToBytes();
        for (var trial = 0; trial < 20_000; trial++)
        {
            var damaged = (byte[])file.Clone();
            for (var flips = random.Next(1, 5); flips > 0; flips--) damaged[random.Next(352)] ^= (byte)(1 << random.Next(8));
            try
            {
                Read(damaged).Values.Should().HaveCountLessThanOrEqualTo(24);
            }
            catch (InvalidDataException)
            {
                // As it should be.
            }
        }
    }

    [Theory]
    [InlineData("labels.nii", false)]
    [InlineData("labels.nii.gz", false)]
    [InlineData("labels.nii.gz", true)]
    public void A_label_map_lies_where_its_image_lies(string name, bool bigEndian)
    {
        var image = Read(new NiftiFile(2, 3, 4, bigEndian)
            .Int16(252, 1, 4)
            .Single(76, -1, 1.5f, 2, 2.5f)
            .Single(256, 0.1f, 0.2f, 0.3f, -10, 20, -30)
            .Single(280, -1.5f, 0, 0.1f, 90, 0, 2, 0, -126, 0, 0, 2.5f, -72)
            .ToBytes());
        byte[] labels = [.. Enumerable.Range(0, 24).Select(i => (byte)(i % 8))];
        var path = Path.Combine(folder, name);

        Nifti.WriteLabels(path, labels, image.Size, image.Geometry);
        var written = Nifti.Read(path);

        written.Size.Should().Be(image.Size);
        written.Values.Should().Equal(labels.Select(label => (float)label));
        written.Geometry.Should().BeEquivalentTo(image.Geometry);
        written.Geometry.Affine().Should().Equal(image.Geometry.Affine());
    }

    [Fact]
    public void Labels_must_fill_the_grid()
    {
        var writing = () => Nifti.WriteLabels(Path.Combine(folder, "x.nii"), new byte[23], new VolumeSize(4, 3, 2), NiftiGeometry.Plain(1));

        writing.Should().Throw<ArgumentException>().WithMessage("23 labels don't fill a grid of 2 x 3 x 4.*");
    }

    [Fact]
    public void The_message_names_the_file()
    {
        var path = Path.Combine(folder, "not.nii");
        File.WriteAllText(path, "not at all");

        ((Action)(() => Nifti.Read(path))).Should().Throw<InvalidDataException>().WithMessage($"{path}: not NIfTI: the header's size is 544501614, not 348 or 540.");
    }

    [Fact]
    public void The_affine_map_is_sform_else_qform_else_the_voxel_size()
    {
        var plain = new NiftiGeometry { PixDim = [-1, 2, 3, 4] };
        plain.Affine().Should().Equal(2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0);

        // Half a turn about z, and a left-handed grid.
        var turned = plain with { QFormCode = 1, QForm = [0, 0, 1, 10, 20, 30] };
        turned.Affine().Should().Equal(-2, 0, 0, 10, 0, -3, 0, 20, 0, 0, -4, 30);

        var sform = turned with { SFormCode = 1, SForm = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] };
        sform.Affine().Should().Equal(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    }

    [Fact]
    public void Spacing_volume_and_place_are_in_millimetres_whatever_the_file_counts_in()
    {
        foreach (var (code, unit) in new (byte, double)[] { (0, 1), (2, 1), (1, 1000), (3, 0.001), (2 + 8, 1), (3 + 16, 0.001), (1 + 24, 1000) })
        {
            float[] sides = [.. new[] { 0.5, 0.75, 2 }.Select(side => (float)(side / unit))];
            var header = new NiftiFile().Single(76, 1, sides[0], sides[1], sides[2]);
            Check(header, [0.5, 0.75, 2]);
            Check(header.Int16(252, 1).Single(256, 0, 0, 1, 0, 0, 0), [0.5, 0.75, 2]);
            Check(header.Int16(252, 1, 1).Single(280, 0, sides[1], 0, 7, sides[0], 0, 0, 7, 0, 0, 3 * sides[2], 7), [0.5, 0.75, 6]);

            void Check(NiftiFile file, double[] expected)
            {
                var bytes = file.ToBytes();
                bytes[123] = code;
                var geometry = Header(Read(bytes));
                Sides(geometry).Zip(expected).Should().OnlyContain(side => Math.Abs(side.First / side.Second - 1) < 1e-6, $"unit {code}");
                (geometry.VoxelVolume / expected.Aggregate((product, side) => product * side)).Should().BeApproximately(1, 1e-6);
                geometry.Units.Should().Be(code);
            }
        }

        var (millimetres, microns) = (NiftiGeometry.Plain(2), NiftiGeometry.Plain(2000) with { Units = 3 });
        millimetres.Matches(microns, new VolumeSize(100, 100, 100)).Should().BeTrue();
        millimetres.Matches(NiftiGeometry.Plain(2) with { Units = 3 }, new VolumeSize(100, 100, 100)).Should().BeFalse();
    }

    [Fact]
    public void The_volume_of_a_sheared_voxel_is_less_than_its_sides()
    {
        var sheared = new NiftiGeometry { PixDim = [1, 9, 9, 9], SFormCode = 1, SForm = [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0] };
        Sides(sheared).Should().Equal(1, Math.Sqrt(2), 2);
        sheared.VoxelVolume.Should().Be(2);
    }

    [Fact]
    public void A_quaternion_that_rounding_made_too_long_is_still_a_turn()
    {
        var turned = new NiftiGeometry { PixDim = [1, 2, 3, 4], QFormCode = 1, QForm = [0, 0.70712f, 0.70712f, 0, 0, 0] };
        Sides(turned).Zip([2.0, 3, 4]).Should().OnlyContain(side => Math.Abs(side.First - side.Second) < 1e-9);
    }

    [Fact]
    public void A_label_map_that_cannot_be_finished_leaves_the_one_before()
    {
        var path = Path.Combine(folder, "labels.nii");
        Nifti.WriteLabels(path, new byte[24], new VolumeSize(4, 3, 2), NiftiGeometry.Plain(1));
        var before = File.ReadAllBytes(path);
        Directory.CreateDirectory(path + ".partial");
        ((Action)(() => Nifti.WriteLabels(path, new byte[24], new VolumeSize(4, 3, 2), NiftiGeometry.Plain(2)))).Should().Throw<Exception>();
        File.ReadAllBytes(path).Should().Equal(before);

        Directory.Delete(path + ".partial");
        Nifti.WriteLabels(path, new byte[24], new VolumeSize(4, 3, 2), NiftiGeometry.Plain(2));
        Header(Nifti.Read(path)).PixDim[1].Should().Be(2);
        Directory.GetFileSystemEntries(folder).Should().Equal(path);
    }

    private static NiftiGeometry Header(Volume volume) => (NiftiGeometry)volume.Geometry;

    // Along x, y and z.
    private static double[] Sides(VolumeGeometry geometry) => [geometry.Spacing.X, geometry.Spacing.Y, geometry.Spacing.Z];

    private static Volume Read(byte[] file) => Nifti.Read(new MemoryStream(file));
}
