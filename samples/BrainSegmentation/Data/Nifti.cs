using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;

namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>
/// NIfTI-1, the format that neuroimaging programs exchange: a header of 348 bytes, then the voxels, optionally all of it in gzip
/// (https://nifti.nimh.nih.gov/nifti-1). Reads single volumes of real numbers in either byte order; writes label maps.
/// </summary>
/// <remarks>
/// Strict on purpose: a header that contradicts itself, or the length of its file, is refused with a sentence that says how, and nothing is
/// allocated on a header's word before the file is known to be long enough for it. What doesn't matter is passed over as elsewhere: a few bytes
/// behind the last voxel, and voxel sizes of zero beside an affine map.
/// </remarks>
internal static class Nifti
{
    private const int HeaderSize = 348;
    private const int FirstVoxel = HeaderSize + 4;
    private const int LastVoxOffset = 16 << 20;
    private const int MostTrailing = 16 << 20;
    private const long MostVoxels = 1L << 30;
    private const int ShortestGzip = 18;
    private const short LabelIntent = 1002;

    // DEFLATE can't do better than 1032:1, which bounds what a compressed file may claim to hold.
    private const long MostDeflation = 1032;

    /// <summary>Reads a <c>.nii</c> or <c>.nii.gz</c> file; its first bytes tell which.</summary>
    /// <exception cref="InvalidDataException">The file is not such a volume; the message begins with its path and says why.</exception>
    public static Volume Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Read(file);
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}", problem);
        }
    }

    /// <summary>Reads a volume from a stream whose length is known.</summary>
    /// <exception cref="InvalidDataException">The stream holds no such volume; the message says why.</exception>
    public static Volume Read(Stream file)
    {
        var (first, second) = (file.ReadByte(), file.ReadByte());
        file.Position = 0;
        var zipped = (first, second) == (0x1f, 0x8b);
        if (!zipped) return ReadVolume(file, file.Length);
        if (file.Length < ShortestGzip) throw new InvalidDataException("the file is truncated.");
        using var stream = WholeGzip.Open(file);
        return ReadVolume(stream, checked(file.Length * MostDeflation));
    }

    private static Volume ReadVolume(Stream stream, long longest)
    {
        // The header alone first: the .hdr of a pair of files has nothing behind it.
        var bytes = new byte[HeaderSize];
        Fill(stream, bytes);
        var header = new Header(bytes);
        var (size, type, offset) = (header.Size(), header.Type(), header.VoxOffset());
        var (slope, intercept) = header.Scaling();
        var geometry = header.Geometry();
        var end = offset + (long)size.Voxels * type.Bytes;
        if (end > longest) throw new InvalidDataException($"the header promises {end:N0} bytes, and the file can't hold more than {longest:N0}.");

        // Extensions lie between the header and the voxels. Some writers put text there without the flag, so nothing there is parsed.
        Fill(stream, new byte[offset - HeaderSize]);
        var values = ReadValues(stream, size.Voxels, type, header.Swapped);
        // Reading to the end also makes gzip verify its checksum. Some writers leave a few bytes there; many are a sign that the header is wrong.
        var (rest, trailing) = (new byte[1 << 16], 0L);
        while (Read(stream, rest) is var count and > 0)
            if ((trailing += count) > MostTrailing) throw new InvalidDataException($"the file goes on after its last voxel for more than {MostTrailing:N0} bytes: {size} voxels of {type.Name} end at byte {end:N0}.");

        if (slope != 1 || intercept != 0)
            for (var i = 0; i < values.Length; i++) values[i] = values[i] * slope + intercept;
        return new Volume(size, values, geometry);
    }

    private static float[] ReadValues(Stream stream, int count, VoxelType type, bool swapped)
    {
        const int Chunk = 1 << 16;
        var values = new float[count];
        var buffer = new byte[Chunk * type.Bytes];
        for (var done = 0; done < count; done += Chunk)
        {
            var target = values.AsSpan(done, Math.Min(Chunk, count - done));
            var bytes = buffer.AsSpan(0, target.Length * type.Bytes);
            Fill(stream, bytes);
            if (swapped) Swap(bytes, type.Bytes);
            type.Convert(bytes, target);
        }
        return values;
    }

    private static void Fill(Stream stream, Span<byte> bytes)
    {
        while (bytes.Length > 0) bytes = Read(stream, bytes) is var count and > 0 ? bytes[count..] : throw new InvalidDataException("the file is truncated.");
    }

    // .NET's messages speak of archive entries and compression methods.
    private static int Read(Stream stream, Span<byte> bytes)
    {
        try
        {
            return stream.Read(bytes);
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidDataException("the compressed data are damaged, or cut off.", damage);
        }
    }

    private static void Swap(Span<byte> bytes, int width)
    {
        if (width == 2) Swap16(MemoryMarshal.Cast<byte, ushort>(bytes));
        if (width == 4) Swap32(MemoryMarshal.Cast<byte, uint>(bytes));
        if (width == 8) Swap64(MemoryMarshal.Cast<byte, ulong>(bytes));

        static void Swap16(Span<ushort> words) => BinaryPrimitives.ReverseEndianness(words, words);
        static void Swap32(Span<uint> words) => BinaryPrimitives.ReverseEndianness(words, words);
        static void Swap64(Span<ulong> words) => BinaryPrimitives.ReverseEndianness(words, words);
    }

    /// <summary>
    /// Writes a label map that lies on the grid of the image it belongs to; gzip when the name ends with <c>.gz</c>. It is written under another name and renamed at the end, so that no half map is taken for a
    /// whole one and an older map is there until then.
    /// </summary>
    public static void WriteLabels(string path, ReadOnlySpan<byte> labels, GridSize size, NiftiGeometry geometry)
    {
        if (labels.Length != size.Voxels) throw new ArgumentException($"{labels.Length} labels don't fill a grid of {size}.", nameof(labels));
        var partial = Partial(path);
        try
        {
            using (var file = File.Create(partial))
            using (Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionLevel.Optimal) : file)
            {
                stream.Write(LabelHeader(size, geometry));
                stream.Write(labels);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>Throws now what writing a label map would throw after all the work: the folder isn't there or can't be written to.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public static void RequireWritable(string path)
    {
        if (Directory.Exists(path)) throw new IOException($"{path} is a folder, not a file to write.");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder)) throw new IOException($"{path} can't be written: there is no folder {folder}.");
        if (File.Exists(path)) File.OpenWrite(path).Dispose();
        File.Create(Partial(path)).Dispose();
        File.Delete(Partial(path));
    }

    private static string Partial(string path) => path + ".partial";

    // Little endian, as nearly every file is today.
    private static byte[] LabelHeader(GridSize size, NiftiGeometry geometry)
    {
        var header = new byte[FirstVoxel];
        PutInt32(0, HeaderSize);
        header[38] = (byte)'r';
        PutInt16(40, 3, (short)size.X, (short)size.Y, (short)size.Z, 1, 1, 1, 1);
        PutInt16(68, LabelIntent, VoxelType.UInt8.Code, 8);
        PutSingle(76, geometry.PixDim);
        PutSingle(108, FirstVoxel, 1, 0);
        header[123] = geometry.Units;
        "UNetFamily brain segmentation"u8.CopyTo(header.AsSpan(148));
        PutInt16(252, geometry.QFormCode, geometry.SFormCode);
        PutSingle(256, geometry.QForm);
        PutSingle(280, geometry.SForm);
        "n+1\0"u8.CopyTo(header.AsSpan(344));
        return header;

        void PutInt32(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(at), value);

        void PutInt16(int at, params ReadOnlySpan<short> values)
        {
            for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(at + 2 * i), values[i]);
        }

        void PutSingle(int at, params ReadOnlySpan<float> values)
        {
            for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(header.AsSpan(at + 4 * i), values[i]);
        }
    }

    /// <summary>The checked view of the 348 bytes, in whichever byte order they are.</summary>
    private readonly ref struct Header
    {
        private readonly ReadOnlySpan<byte> bytes;
        private readonly bool bigEndian;

        public Header(ReadOnlySpan<byte> bytes)
        {
            this.bytes = bytes;
            // The first field is the header's own size, and so tells the byte order.
            var (little, big) = (BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes));
            if (little == 540 || big == 540) throw new InvalidDataException("this is NIfTI-2; only NIfTI-1 is read.");
            if (little != HeaderSize && big != HeaderSize) throw new InvalidDataException($"not NIfTI-1: the header's size is {little}, not {HeaderSize}.");
            bigEndian = big == HeaderSize;

            var magic = bytes.Slice(344, 4);
            if (magic.SequenceEqual("ni1\0"u8)) throw new InvalidDataException("the voxels are in another file (.hdr and .img); only single files are read.");
            if (!magic.SequenceEqual("n+1\0"u8)) throw new InvalidDataException("not NIfTI-1: the magic number is missing.");
        }

        /// <summary>Whether the voxels' bytes must be turned round on this machine.</summary>
        public bool Swapped => bigEndian == BitConverter.IsLittleEndian;

        public GridSize Size()
        {
            var rank = Int16(40);
            if (rank is < 1 or > 7) throw new InvalidDataException($"the number of axes must be 1 to 7, is {rank}.");
            var sides = new int[7];
            for (var axis = 0; axis < 7; axis++) sides[axis] = axis < rank ? Int16(42 + 2 * axis) : 1;
            var shape = string.Join(" x ", sides[..rank]);

            if (sides.Any(side => side < 1)) throw new InvalidDataException($"every axis needs a voxel or more; the shape is {shape}.");
            if (rank < 3 || sides[3..].Any(side => side > 1)) throw new InvalidDataException($"only single three-dimensional volumes are read; the shape is {shape}.");
            if ((long)sides[0] * sides[1] * sides[2] > MostVoxels) throw new InvalidDataException($"{shape} is more than the {MostVoxels:N0} voxels that are read.");
            return new GridSize(sides[0], sides[1], sides[2]);
        }

        public VoxelType Type()
        {
            var (code, bits) = (Int16(70), Int16(72));
            var type = VoxelType.Of(code) ?? throw new InvalidDataException($"voxels of data type {code} are not read, only {VoxelType.Known}.");
            return bits == 8 * type.Bytes ? type : throw new InvalidDataException($"the data type is {type.Name}, but bitpix is {bits}.");
        }

        public int VoxOffset()
        {
            var offset = Single(108);
            if (!float.IsInteger(offset)) throw new InvalidDataException($"vox_offset is {offset}, not a whole number.");
            if (offset < FirstVoxel) throw new InvalidDataException($"vox_offset is {offset}, inside the header's {FirstVoxel} bytes.");
            if (offset > LastVoxOffset) throw new InvalidDataException($"vox_offset is {offset}, beyond the {LastVoxOffset:N0} bytes that are skipped.");
            return (int)offset;
        }

        /// <summary>Slope and intercept; a slope of zero says that there is no scaling.</summary>
        public (float Slope, float Intercept) Scaling()
        {
            var (slope, intercept) = (Single(112), Single(116));
            if (slope == 0) return (1, 0);
            return float.IsFinite(slope) && float.IsFinite(intercept) ? (slope, intercept) : throw new InvalidDataException($"the scaling is {slope} x + {intercept}.");
        }

        public NiftiGeometry Geometry()
        {
            var geometry = new NiftiGeometry
            {
                PixDim = Singles(76, 4),
                Units = bytes[123],
                QFormCode = Int16(252),
                SFormCode = Int16(254),
                QForm = Singles(256, 6),
                SForm = Singles(280, 12),
            };
            // An sform says all by itself.
            var sides = geometry.PixDim[1..];
            if (geometry.SFormCode <= 0 && !sides.All(side => float.IsFinite(side) && side > 0)) throw new InvalidDataException($"the size of a voxel is {string.Join(" x ", sides)}.");
            if (!geometry.Affine().All(double.IsFinite)) throw new InvalidDataException("the affine map is not finite.");
            if (!geometry.IsInvertible) throw new InvalidDataException($"the affine map ({(geometry.SFormCode > 0 ? "sform" : "qform")}) is none: an axis has no direction of its own.");
            return geometry;
        }

        private short Int16(int at) => bigEndian ? BinaryPrimitives.ReadInt16BigEndian(bytes[at..]) : BinaryPrimitives.ReadInt16LittleEndian(bytes[at..]);

        private float Single(int at) => bigEndian ? BinaryPrimitives.ReadSingleBigEndian(bytes[at..]) : BinaryPrimitives.ReadSingleLittleEndian(bytes[at..]);

        private float[] Singles(int at, int count)
        {
            var values = new float[count];
            for (var i = 0; i < count; i++) values[i] = Single(at + 4 * i);
            return values;
        }
    }

    private delegate void Converter(ReadOnlySpan<byte> bytes, Span<float> target);

    /// <summary>A kind of voxel: its code in the header, its width, and the way to float.</summary>
    private sealed record VoxelType(short Code, string Name, int Bytes, Converter Convert)
    {
        public static readonly VoxelType UInt8 = new(2, "uint8", 1, From<byte>);

        private static readonly VoxelType[] All =
        [
            UInt8,
            new(4, "int16", 2, From<short>),
            new(8, "int32", 4, From<int>),
            new(16, "float32", 4, From<float>),
            new(64, "float64", 8, From<double>),
            new(256, "int8", 1, From<sbyte>),
            new(512, "uint16", 2, From<ushort>),
            new(768, "uint32", 4, From<uint>),
        ];

        public static string Known => string.Join(", ", All.Select(type => type.Name));

        public static VoxelType? Of(short code) => Array.Find(All, type => type.Code == code);

        private static void From<T>(ReadOnlySpan<byte> bytes, Span<float> target) where T : struct, INumberBase<T>
        {
            var source = MemoryMarshal.Cast<byte, T>(bytes);
            for (var i = 0; i < source.Length; i++) target[i] = float.CreateTruncating(source[i]);
        }
    }
}
