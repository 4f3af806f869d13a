using System.IO.Compression;
using System.Text;

namespace UNetFamily.Imaging;

/// <summary>
/// NRRD, the format of 3D Slicer (https://teem.sourceforge.net/nrrd/format.html): lines of text, then the voxels, raw or in gzip, in the same file (<c>.nrrd</c>) or beside it (<c>.nhdr</c>). Reads images of two or three
/// axes of real numbers; writes label maps.
/// </summary>
public static class Nrrd
{
    private static readonly (string Names, VoxelType Type)[] Types =
    [
        ("signed char|int8|int8_t", VoxelType.Int8),
        ("uchar|unsigned char|uint8|uint8_t", VoxelType.UInt8),
        ("short|short int|signed short|signed short int|int16|int16_t", VoxelType.Int16),
        ("ushort|unsigned short|unsigned short int|uint16|uint16_t", VoxelType.UInt16),
        ("int|signed int|int32|int32_t", VoxelType.Int32),
        ("uint|unsigned int|uint32|uint32_t", VoxelType.UInt32),
        ("longlong|long long|long long int|signed long long|signed long long int|int64|int64_t", VoxelType.Int64),
        ("ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t", VoxelType.UInt64),
        ("float", VoxelType.Float32),
        ("double", VoxelType.Float64),
    ];

    /// <summary>Reads a <c>.nrrd</c> file, or a <c>.nhdr</c> file with the file of voxels that it names, which must lie in the same folder.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is no such image; the message begins with its path and says why.</exception>
    public static Volume Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ImageFile.Named(path, () =>
        {
            using var file = File.OpenRead(path);
            var fields = Fields(file);
            if (!fields.TryGetValue("data file", out var name) && !fields.TryGetValue("datafile", out name)) return Read(file, fields);
            using var voxels = File.OpenRead(HeaderText.Beside(path, name));
            return Read(voxels, fields);
        });
    }

    /// <summary>Writes a label map that lies on the grid of the image it belongs to, in gzip. It appears whole or not at all.</summary>
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
        var m = PatientSpace.FromBody(geometry.Affine());
        var header = $"NRRD0004\ntype: {labels.Type.Name}\ndimension: 3\nspace: left-posterior-superior\nsizes: {size.X} {size.Y} {size.Z}\n"
            + $"space directions: {Vector(0)} {Vector(1)} {Vector(2)}\nkinds: domain domain domain\nendian: little\nencoding: gzip\nspace origin: {Vector(3)}\n\n";
        NewFile.Write(path, file =>
        {
            file.Write(Encoding.ASCII.GetBytes(header));
            using var packed = new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true);
            labels.WriteTo(packed);
        });

        string Vector(int column) => $"({HeaderText.Text(m[column])},{HeaderText.Text(m[4 + column])},{HeaderText.Text(m[8 + column])})";
    }

    private static Dictionary<string, string> Fields(Stream file)
    {
        var lines = HeaderText.Lines(file, line => line.Length == 0, mayEnd: true);
        if (!lines[0].StartsWith("NRRD000", StringComparison.Ordinal)) throw new InvalidDataException("not NRRD: the magic number is missing.");
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            // Comments begin with '#'; 'key:=value' is what users note.
            if (line.Length == 0 || line[0] == '#' || line.Contains(":=", StringComparison.Ordinal)) continue;
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon < 0) throw new InvalidDataException($"the header has a line that is no field: '{line}'.");
            if (!fields.TryAdd(line[..colon].Trim(), line[(colon + 2)..].Trim())) throw new InvalidDataException($"the header has '{line[..colon]}' twice.");
        }
        return fields;
    }

    private static Volume Read(Stream voxels, Dictionary<string, string> fields)
    {
        var rank = Need("dimension") switch { "2" => 2, "3" => 3, var other => throw new InvalidDataException($"only images of two or three axes are read; the dimension is {other}.") };
        var size = HeaderText.Size(Need("sizes"), rank, "sizes");
        var type = Array.Find(Types, known => known.Names.Split('|').Contains(Need("type"))).Type
            ?? throw new InvalidDataException($"voxels of type {Need("type")} are not read, only {string.Join(", ", Types.Select(known => known.Type.Name))}.");
        var packing = Need("encoding") switch
        {
            "raw" => Packing.None,
            "gzip" or "gz" => Packing.Gzip,
            var other => throw new InvalidDataException($"the encoding {other} is not read, only raw and gzip."),
        };
        foreach (var skip in (string[])["byte skip", "line skip"])
            if (fields.TryGetValue(skip, out var some) && some != "0") throw new InvalidDataException($"'{skip}: {some}' is not read, only 0.");
        var bigEndian = type.Bytes > 1 && Need("endian") switch { "big" => true, "little" => false, var other => throw new InvalidDataException($"the endian is '{other}', not big or little.") };
        var geometry = Geometry(fields, rank);
        return new Volume(PackedVoxels.Read(voxels, size, type, bigEndian, packing), size, geometry);

        string Need(string field) => fields.TryGetValue(field, out var value) ? value : throw new InvalidDataException($"the header has no '{field}'.");
    }

    private static AffineGeometry Geometry(Dictionary<string, string> fields, int rank)
    {
        double[] m = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
        if (fields.TryGetValue("space directions", out var directions))
        {
            var columns = Vectors(directions, "space directions");
            if (columns.Length != rank) throw new InvalidDataException($"there must be {rank} space directions, are {columns.Length}.");
            for (var axis = 0; axis < rank; axis++)
                for (var row = 0; row < columns[axis].Length; row++) m[4 * row + axis] = columns[axis][row];
        }
        else if (fields.TryGetValue("spacings", out var spacings))
        {
            var distances = HeaderText.Numbers(spacings, rank, "spacings");
            for (var axis = 0; axis < rank; axis++) m[5 * axis] = distances[axis];
        }
        if (fields.TryGetValue("space origin", out var origin) && Vectors(origin, "space origin") is [var first])
            for (var row = 0; row < first.Length; row++) m[4 * row + 3] = first[row];
        fields.TryGetValue("space", out var space);
        return PatientSpace.Geometry(m, rank, space ?? "");
    }

    private static double[][] Vectors(string text, string field)
    {
        var vectors = text.Split((char[])['(', ')'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var count = vectors.Length > 0 ? vectors[0].Split(',').Length : 0;
        if (count is not (2 or 3)) throw new InvalidDataException($"{field} must be vectors of two or three numbers, is {text}.");
        return [.. vectors.Select(vector => HeaderText.Numbers(vector.Replace(',', ' '), count, field))];
    }
}
