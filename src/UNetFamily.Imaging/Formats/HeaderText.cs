using System.Globalization;
using System.Text;

namespace UNetFamily.Imaging;

/// <summary>Reads a header of lines of text that binary data may follow, and the numbers in it.</summary>
internal static class HeaderText
{
    private const int MostBytes = 1 << 16;

    /// <summary>The lines up to and with the first that ends the header. The stream stands behind it then.</summary>
    /// <param name="stream">Stands at the first byte.</param>
    /// <param name="isLast">Whether a line is the last one.</param>
    /// <param name="mayEnd">Whether the file may end instead.</param>
    /// <exception cref="InvalidDataException">There is no such line in the first 65,536 bytes.</exception>
    public static List<string> Lines(Stream stream, Func<string, bool> isLast, bool mayEnd = false)
    {
        var (lines, line) = (new List<string>(), new StringBuilder());
        for (var count = 0; count < MostBytes; count++)
        {
            var next = stream.ReadByte();
            if (next < 0 && !mayEnd) throw new InvalidDataException("the file is truncated: its header does not end.");
            if (next is not ('\n' or < 0))
            {
                line.Append((char)next);
                continue;
            }
            lines.Add(line.ToString().TrimEnd('\r', ' ', '\t'));
            line.Clear();
            if (next < 0 || isLast(lines[^1])) return lines;
        }
        throw new InvalidDataException($"the header does not end within {MostBytes:N0} bytes.");
    }

    /// <summary>As many numbers as there should be, separated by spaces.</summary>
    public static double[] Numbers(string text, int count, string field)
    {
        var parts = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        var values = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out values[i]) || !double.IsFinite(values[i])) throw new InvalidDataException($"{field} holds '{parts[i]}', which is no number.");
        return values.Length == count ? values : throw new InvalidDataException($"{field} must hold {count} numbers, holds {values.Length}.");
    }

    /// <summary>The sides of an image of two or three axes, X first.</summary>
    public static VolumeSize Size(string text, int rank, string field)
    {
        var sides = Numbers(text, rank, field);
        if (sides.Any(side => side < 1 || side > int.MaxValue || !double.IsInteger(side))) throw new InvalidDataException($"every axis needs a voxel or more; {field} is {text}.");
        if (sides.Aggregate((product, side) => product * side) > VoxelReader.MostVoxels) throw new InvalidDataException($"{string.Join(" x ", sides)} is more than the {VoxelReader.MostVoxels:N0} voxels that are read.");
        return new((int)(rank == 3 ? sides[2] : 1), (int)sides[1], (int)sides[0]);
    }

    /// <summary>The file beside a header that holds its voxels. Only files of the same folder are opened: headers come from strangers.</summary>
    public static string Beside(string header, string name) =>
        name.Length > 0 && Path.GetFileName(name) == name && name.IndexOfAny(Path.GetInvalidFileNameChars()) < 0 && name is not ("." or "..") ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(header))!, name)
        : throw new InvalidDataException($"the voxels are in '{name}'; only a file of the header's own folder is read.");

    /// <summary>As written in headers.</summary>
    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
