using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace UNetFamily.Imaging;

/// <summary>
/// NIfTI, the format that neuroimaging programs exchange: a header, then the voxels, in one file (<c>.nii</c>) or two (<c>.hdr</c> and <c>.img</c>), optionally in gzip. Reads single volumes of real numbers of versions 1
/// and 2 in either byte order; writes label maps.
/// </summary>
/// <remarks>
/// Strict on purpose: a header that contradicts itself, or the length of its file, is refused with a sentence that says how, and nothing is
/// allocated on a header's word before the file is known to be long enough for it. What doesn't matter is passed over as elsewhere: a few bytes
/// behind the last voxel, voxel sizes of zero beside an affine map, and a scaling that is no number.
/// </remarks>
public static class Nifti
{
    private const int ShortestGzip = 18;
    private const short LabelIntent = 1002;

    /// <summary>Reads a <c>.nii</c> file or a pair of <c>.hdr</c> and <c>.img</c>, each of them in gzip or not; first bytes tell which.</summary>
    /// <param name="path">The file; of a pair, either of the two.</param>
    /// <exception cref="InvalidDataException">The file is not such a volume; the message begins with its path and says why.</exception>
    public static Volume Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ImageFile.Named(path, () =>
        {
            if (PairOf(path) is var (header, voxels)) return ReadPair(header, voxels);
            using var file = File.OpenRead(path);
            return Read(file);
        });
    }

    /// <summary>Reads a volume from a stream whose length is known.</summary>
    /// <param name="file">The content of a <c>.nii</c> or <c>.nii.gz</c> file.</param>
    /// <exception cref="InvalidDataException">The stream holds no such volume; the message says why.</exception>
    public static Volume Read(Stream file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Unpacked(file, (content, longest) =>
        {
            var header = NiftiHeader.Read(content, ofPair: false);
            return ReadVoxels(content, header, header.Layout.HeaderSize, longest);
        });
    }

    private static Volume ReadPair(string header, string voxels)
    {
        using var headerFile = File.OpenRead(header);
        var read = Unpacked(headerFile, (content, _) => NiftiHeader.Read(content, ofPair: true));
        if (!File.Exists(voxels)) throw new InvalidDataException($"the voxels are missing: there is no {voxels}.");
        using var file = File.OpenRead(voxels);
        return Unpacked(file, (content, longest) => ReadVoxels(content, read, 0, longest));
    }

    // What is read gets the content and a length that it can't have more of.
    private static T Unpacked<T>(Stream file, Func<Stream, long, T> read)
    {
        var (first, second) = (file.ReadByte(), file.ReadByte());
        file.Position = 0;
        if ((first, second) != (0x1f, 0x8b)) return read(file, file.Length);
        if (file.Length < ShortestGzip) throw new InvalidDataException("the file is truncated.");
        using var content = WholeGzip.Open(file);
        return read(content, checked(file.Length * PackedVoxels.MostDeflation));
    }

    private static Volume ReadVoxels(Stream stream, NiftiHeader header, int passed, long longest)
    {
        var (size, type) = (header.Size, header.Type);
        var end = header.VoxOffset + (long)size.Voxels * type.Bytes;
        if (end > longest) throw new InvalidDataException($"the header promises {end:N0} bytes, and the file can't hold more than {longest:N0}.");

        // Extensions lie between the header and the voxels. Some writers put text there without the flag, so nothing there is parsed.
        VoxelReader.Skip(stream, header.VoxOffset - passed);
        var values = VoxelReader.Read(stream, size.Voxels, type, header.BigEndian, header.Slope, header.Intercept);
        VoxelReader.RequireEnd(stream, $"{size} voxels of {type.Name} end at byte {end:N0}");
        return new Volume(values, size, header.Geometry);
    }

    // The other file of a pair has the same name but for its end, and may be packed or not.
    private static (string Header, string Voxels)? PairOf(string path)
    {
        foreach (var packed in (string[])["", ".gz"])
        {
            foreach (var end in (string[])[".hdr", ".img"])
            {
                if (!path.EndsWith(end + packed, StringComparison.OrdinalIgnoreCase)) continue;
                var stem = path[..^(end.Length + packed.Length)];
                return (end == ".hdr" ? path : Existing(stem + ".hdr", packed), end == ".img" ? path : Existing(stem + ".img", packed));
            }
        }
        return null;

        static string Existing(string file, string packed) => File.Exists(file + packed) ? file + packed : File.Exists(file) ? file : File.Exists(file + ".gz") ? file + ".gz" : file + packed;
    }

    /// <summary>Writes a label map of 8 bits that lies on the grid of the image it belongs to; gzip when the name ends with <c>.gz</c>. It appears whole or not at all.</summary>
    /// <param name="path">The file, <c>.nii</c> or <c>.nii.gz</c>.</param>
    /// <param name="labels">The label of each voxel, (Z, Y, X) with X fastest.</param>
    /// <param name="size">Voxels along each axis.</param>
    /// <param name="geometry">That of the image; of another format, its affine map is written.</param>
    /// <exception cref="ArgumentException">The labels don't fill the grid.</exception>
    public static void WriteLabels(string path, ReadOnlySpan<byte> labels, VolumeSize size, VolumeGeometry geometry) => Write(path, LabelBytes.Of(labels), size, geometry);

    /// <summary>Writes a label map of 16 bits, or of 8 where no label is above 254, as nnU-Net does; gzip when the name ends with <c>.gz</c>. It appears whole or not at all.</summary>
    /// <param name="path">The file, <c>.nii</c> or <c>.nii.gz</c>.</param>
    /// <param name="labels">The label of each voxel, (Z, Y, X) with X fastest.</param>
    /// <param name="size">Voxels along each axis.</param>
    /// <param name="geometry">That of the image; of another format, its affine map is written.</param>
    /// <exception cref="ArgumentException">The labels don't fill the grid.</exception>
    public static void WriteLabels(string path, ReadOnlySpan<ushort> labels, VolumeSize size, VolumeGeometry geometry) => Write(path, LabelBytes.Of(labels), size, geometry);

    /// <summary>Throws now what writing a file would throw after all the work: the folder isn't there or can't be written to.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    public static void RequireWritable(string path) => NewFile.RequireWritable(path);

    internal static void Write(string path, LabelBytes labels, VolumeSize size, VolumeGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        if (labels.Problem(size) is { } problem) throw new ArgumentException(problem, nameof(labels));
        NewFile.Write(path, file =>
        {
            using Stream? packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : null;
            var stream = packed ?? file;
            stream.Write(LabelHeader(size, labels.Type, geometry as NiftiGeometry ?? Converted(geometry)));
            labels.WriteTo(stream);
        });
    }

    private static NiftiGeometry Converted(VolumeGeometry geometry)
    {
        var spacing = geometry.Spacing;
        return new NiftiGeometry { Rank = geometry.Rank, PixDim = [1, spacing.X, spacing.Y, spacing.Z], Units = 2, SFormCode = 1, SForm = geometry.Affine() };
    }

    // Little endian, as nearly every file is today, and NIfTI-1 unless a side is too long for it.
    private static byte[] LabelHeader(VolumeSize size, VoxelType type, NiftiGeometry geometry)
    {
        var layout = Math.Max(size.X, Math.Max(size.Y, size.Z)) <= short.MaxValue ? NiftiLayout.One : NiftiLayout.Two;
        var header = new byte[layout.FirstVoxel];
        Put(0, 4, layout.HeaderSize);
        if (layout.Version == 1) header[38] = (byte)'r';
        Put(layout.Dim, layout.SideWidth, geometry.Rank, size.X, size.Y, size.Z, 1, 1, 1, 1);
        Put(layout.Intent, layout.CodeWidth, LabelIntent);
        Put(layout.DataType, 2, NiftiHeader.CodeOf(type));
        Put(layout.BitPix, 2, 8 * type.Bytes);
        PutReal(layout.PixDim, geometry.PixDim);
        if (layout.Version == 1) PutReal(layout.VoxOffset, layout.FirstVoxel);
        else Put(layout.VoxOffset, 8, layout.FirstVoxel);
        PutReal(layout.Slope, 1, 0);
        header[layout.Units] = geometry.Units;
        "UNetFamily labels"u8.CopyTo(header.AsSpan(layout.Description));
        Put(layout.FormCodes, layout.CodeWidth, geometry.QFormCode, geometry.SFormCode);
        PutReal(layout.QForm, geometry.QForm);
        PutReal(layout.SForm, geometry.SForm);
        Encoding.Latin1.GetBytes(layout.SingleMagic).CopyTo(header, layout.Magic);
        return header;

        void Put(int at, int width, params ReadOnlySpan<long> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                var target = header.AsSpan(at + width * i);
                if (width == 2) BinaryPrimitives.WriteInt16LittleEndian(target, checked((short)values[i]));
                else if (width == 4) BinaryPrimitives.WriteInt32LittleEndian(target, checked((int)values[i]));
                else BinaryPrimitives.WriteInt64LittleEndian(target, values[i]);
            }
        }

        void PutReal(int at, params ReadOnlySpan<double> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (layout.RealWidth == 4) BinaryPrimitives.WriteSingleLittleEndian(header.AsSpan(at + 4 * i), (float)values[i]);
                else BinaryPrimitives.WriteDoubleLittleEndian(header.AsSpan(at + 8 * i), values[i]);
            }
        }
    }
}
