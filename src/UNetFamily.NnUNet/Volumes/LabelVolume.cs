namespace UNetFamily.NnUNet;

/// <summary>A label for each voxel of a grid.</summary>
/// <param name="Labels">The labels, X fastest.</param>
/// <param name="Size">Voxels along each axis.</param>
public sealed record LabelVolume(ushort[] Labels, VolumeSize Size)
{
    /// <summary>Reads a label map, such as that of the stage before.</summary>
    /// <param name="reader">The reader of the images.</param>
    /// <param name="file">The file.</param>
    /// <exception cref="InvalidDataException">It can't be read, or its numbers are no labels.</exception>
    public static LabelVolume Read(ImageReader reader, string file)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var (labels, size) = reader.ReadLabels(file);
        return new LabelVolume(Array.ConvertAll(labels, label => label >= 0 ? (ushort)label : throw new InvalidDataException($"{file}: {label} is no label.")), size);
    }
}
