using System.IO.Compression;
using System.Text;

namespace UNetFamily.Imaging;

/// <summary>
/// MetaImage, ITK's own format (https://itk.org/Wiki/ITK/MetaIO/Documentation): lines of text, then the voxels, raw or in zlib, in the same file (<c>.mha</c>) or beside it (<c>.mhd</c>). Reads images of two or three axes
/// of real numbers; writes label maps.
/// </summary>
public static class MetaImage
{
    private const string Local = "LOCAL";

    private static readonly (string Name, VoxelType Type)[] Types =
    [
        ("MET_CHAR", VoxelType.Int8), ("MET_UCHAR", VoxelType.UInt8), ("MET_SHORT", VoxelType.Int16), ("MET_USHORT", VoxelType.UInt16), ("MET_INT", VoxelType.Int32), ("MET_UINT", VoxelType.UInt32),
        ("MET_LONG", VoxelType.Int32), ("MET_ULONG", VoxelType.UInt32), ("MET_LONG_LONG", VoxelType.Int64), ("MET_ULONG_LONG", VoxelType.UInt64), ("MET_FLOAT", VoxelType.Float32), ("MET_DOUBLE", VoxelType.Float64),
    ];

    /// <summary>Reads a <c>.mha</c> file, or a <c>.mhd</c> file with the file of voxels that it names, which must lie in the same folder.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is no such image; the message begins with its path and says why.</exception>
    public static Volume Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ImageFile.Named(path, () =>
        {
            using var file = File.OpenRead(path);
            var fields = Fields(file);
            var name = fields.GetValueOrDefault("ElementDataFile") ?? throw new InvalidDataException("not MetaImage: the header has no 'ElementDataFile'.");
            if (name.Equals(Local, StringComparison.OrdinalIgnoreCase)) return Read(file, fields);
            using var voxels = File.OpenRead(HeaderText.Beside(path, name));
            return Read(voxels, fields);
        });
    }

    /// <summary>Writes a label map that lies on the grid of the image it belongs to, compressed, header and voxels in one file. It appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="labels">The label of each voxel, (Z, Y, X) with X fastest. They have 8 bits where no label is above 254, otherwise 16.</param>
    /// <param name="size">Voxels along each axis.</param>
    /// <param name="geometry">That of the image.</param>
    /// <exception cref="ArgumentException">The labels don't fill the grid.</exception>
    public static void WriteLabels(string path, ReadOnlySpan<ushort> labels, VolumeSize size, VolumeGeometry geometry) => Write(path, LabelBytes.Of(labels), size, geometry);

    internal static void Write(string path, LabelBytes labels, VolumeSize size, VolumeGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        if (labels.Problem(size) is { } problem) throw new ArgumentException(problem, nameof(labels));
        var (m, spacing) = (PatientSpace.FromBody(geometry.Affine()), geometry.Spacing);
        double[] distances = [spacing.X, spacing.Y, spacing.Z];
        var directions = Enumerable.Range(0, 9).Select(i => m[4 * (i % 3) + i / 3] / distances[i / 3]);
        var header = $"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = True\nTransformMatrix = {Texts(directions)}\nOffset = {Texts([m[3], m[7], m[11]])}\n"
            + $"ElementSpacing = {Texts(distances)}\nDimSize = {size.X} {size.Y} {size.Z}\nElementType = {Array.Find(Types, known => known.Type == labels.Type).Name}\nElementDataFile = {Local}\n";
        NewFile.Write(path, file =>
        {
            file.Write(Encoding.ASCII.GetBytes(header));
            using var packed = new ZLibStream(file, CompressionLevel.Optimal, leaveOpen: true);
            labels.WriteTo(packed);
        });

        static string Texts(IEnumerable<double> values) => string.Join(' ', values.Select(HeaderText.Text));
    }

    private static Dictionary<string, string> Fields(Stream file)
    {
        var lines = HeaderText.Lines(file, line => line.StartsWith("ElementDataFile", StringComparison.OrdinalIgnoreCase));
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Where(line => line.Length > 0))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) throw new InvalidDataException($"not MetaImage: the header has a line that is no field: '{(line.Length > 60 ? line[..60] : line)}'.");
            if (!fields.TryAdd(line[..equals].Trim(), line[(equals + 1)..].Trim())) throw new InvalidDataException($"the header has '{line[..equals].Trim()}' twice.");
        }
        return fields;
    }

    private static Volume Read(Stream voxels, Dictionary<string, string> fields)
    {
        var rank = Need("NDims") switch { "2" => 2, "3" => 3, var other => throw new InvalidDataException($"only images of two or three axes are read; NDims is {other}.") };
        var size = HeaderText.Size(Need("DimSize"), rank, "DimSize");
        var type = Array.Find(Types, known => known.Name == Need("ElementType")).Type
            ?? throw new InvalidDataException($"voxels of type {Need("ElementType")} are not read, only {string.Join(", ", Types.Select(known => known.Name))}.");
        if (Find("ElementNumberOfChannels") is { } channels and not "1") throw new InvalidDataException($"voxels have {channels} channels; only single numbers are read.");
        if (IsTrue("BinaryData", otherwise: true) is false) throw new InvalidDataException("the voxels are text; only binary ones are read.");
        if (Find("HeaderSize") is { } skip and not "0") throw new InvalidDataException($"HeaderSize = {skip} is not read, only 0.");
        var bigEndian = IsTrue("BinaryDataByteOrderMSB", IsTrue("ElementByteOrderMSB", otherwise: false));
        var geometry = Geometry(rank);
        return new Volume(PackedVoxels.Read(voxels, size, type, bigEndian, IsTrue("CompressedData", otherwise: false) ? Packing.Zlib : Packing.None), size, geometry);

        string? Find(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
                if (fields.TryGetValue(name, out var value)) return value;
            return null;
        }

        string Need(string name) => Find(name) ?? throw new InvalidDataException($"not MetaImage: the header has no '{name}'.");

        bool IsTrue(string name, bool otherwise) => Find(name) is { } value ? value.StartsWith('T') || value.StartsWith('t') || value == "1" : otherwise;

        AffineGeometry Geometry(int axes)
        {
            double[] distances = Find("ElementSpacing", "ElementSize") is { } given ? HeaderText.Numbers(given, axes, "ElementSpacing") : [.. Enumerable.Repeat(1.0, axes)];
            var origin = Find("Offset", "Position", "Origin") is { } offset ? HeaderText.Numbers(offset, axes, "Offset") : new double[axes];
            double[] directions = Find("TransformMatrix", "Rotation", "Orientation") is { } matrix ? HeaderText.Numbers(matrix, axes * axes, "TransformMatrix")
                : [.. Enumerable.Range(0, axes * axes).Select(i => i % (axes + 1) == 0 ? 1.0 : 0)];
            double[] m = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
            for (var row = 0; row < axes; row++)
            {
                m[4 * row + 3] = origin[row];
                for (var axis = 0; axis < axes; axis++) m[4 * row + axis] = directions[axes * axis + row] * distances[axis];
            }
            var geometry = PatientSpace.Geometry(m, axes, "");
            var spacing = new VolumeSpacing(axes == 3 ? Math.Abs(distances[2]) : 1, Math.Abs(distances[1]), Math.Abs(distances[0]));
            return spacing.IsPositive ? new AffineGeometry(geometry.Affine(), spacing) { Rank = axes } : throw new InvalidDataException($"the size of a voxel is {spacing}.");
        }
    }
}
