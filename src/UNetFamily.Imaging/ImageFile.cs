namespace UNetFamily.Imaging;

/// <summary>Reads and writes files of images whatever their format is; the end of a name tells it.</summary>
public static class ImageFile
{
    /// <summary>The ends of names that are read, with their points.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".nii.gz", ".nii", ".hdr", ".img", ".hdr.gz", ".img.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".png", ".bmp", ".tif", ".tiff"];

    /// <summary>Reads an image.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">It is none that can be read; the message begins with its path and says why.</exception>
    /// <exception cref="NotSupportedException">No format is known whose names end like that.</exception>
    public static Volume Read(string path) => Format(path).Read(path);

    /// <summary>Writes a label map that lies on the grid of the image it belongs to. It appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="labels">The label of each voxel, (Z, Y, X) with X fastest. Files have 8 bits where no label is above 254, otherwise 16, as nnU-Net's have.</param>
    /// <param name="size">Voxels along each axis.</param>
    /// <param name="geometry">That of the image. Labels of an image whose axes were turned are turned back.</param>
    /// <exception cref="ArgumentException">The labels don't fill the grid.</exception>
    /// <exception cref="NotSupportedException">No format is known whose names end like that.</exception>
    public static void WriteLabels(string path, ReadOnlySpan<ushort> labels, VolumeSize size, VolumeGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        var write = Format(path).Write;
        if (geometry is TurnedGeometry turned) write(path, LabelBytes.Of(turned.Orientation.Back(labels.ToArray(), size)), turned.Orientation.Back(size), turned.Original);
        else write(path, LabelBytes.Of(labels), size, geometry);
    }

    /// <summary>Throws now what writing a file would throw after all the work: the folder isn't there or can't be written to, or no format is known.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    /// <exception cref="NotSupportedException">No format is known whose names end like that.</exception>
    public static void RequireWritable(string path)
    {
        _ = Format(path);
        NewFile.RequireWritable(path);
    }

    /// <summary>Runs a reader and puts the file's path before what it says.</summary>
    internal static Volume Named(string path, Func<Volume> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}", problem);
        }
    }

    private static (Func<string, Volume> Read, Action<string, LabelBytes, VolumeSize, VolumeGeometry> Write) Format(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Ends(".nii.gz", ".nii")) return (Nifti.Read, Nifti.Write);
        if (Ends(".hdr", ".img", ".hdr.gz", ".img.gz")) return (Nifti.Read, (_, _, _, _) => throw new NotSupportedException($"{path}: pairs of files are only read. Nearest: .nii."));
        if (Ends(".nrrd")) return (Nrrd.Read, Nrrd.Write);
        if (Ends(".nhdr")) return (Nrrd.Read, (_, _, _, _) => throw new NotSupportedException($"{path}: pairs of files are only read. Nearest: .nrrd."));
        if (Ends(".mha")) return (MetaImage.Read, MetaImage.Write);
        if (Ends(".mhd")) return (MetaImage.Read, (_, _, _, _) => throw new NotSupportedException($"{path}: pairs of files are only read. Nearest: .mha."));
        if (Ends(".png", ".bmp")) return (PictureFile.Read, (file, labels, size, _) => PictureFile.Write(file, labels, size));
        if (Ends(".tif", ".tiff")) return (TiffStack.Read, (file, labels, size, _) => TiffStack.Write(file, labels, size));
        throw new NotSupportedException($"{path}: no format is known for that name. Names may end with {string.Join(", ", Endings)}.");

        bool Ends(params string[] endings) => endings.Any(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase));
    }
}
