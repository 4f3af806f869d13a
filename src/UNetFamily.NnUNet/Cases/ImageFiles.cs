namespace UNetFamily.NnUNet;

/// <summary>Reads the files of a case as nnU-Net's readers do, and writes label maps on their grid.</summary>
public static class ImageFiles
{
    /// <summary>Reads the channels of an image.</summary>
    /// <param name="reader">The class of nnU-Net that read the images of the training (<see cref="PlansFile.ReaderWriter"/>).</param>
    /// <param name="files">The files, in the order of channels.</param>
    /// <exception cref="InvalidDataException">A file is no image that can be read, or channels have different grids.</exception>
    public static Volume Read(string reader, IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 0) throw new ArgumentException("There must be a file, or several.", nameof(files));
        Volume[] channels = [.. files.Select(ImageFile.Read)];
        foreach (var (number, channel) in channels.Index())
            if (channel.Size != channels[0].Size) throw new InvalidDataException($"{files[number]}: it has {channel.Size} voxels, and {files[0]} {channels[0].Size}. Channels of a case have one grid.");
        var first = channels[0];
        var spacing = first.Geometry is NiftiGeometry nifti ? new VolumeSpacing(Math.Abs((double)nifti.PixDim[3]), Math.Abs((double)nifti.PixDim[2]), Math.Abs((double)nifti.PixDim[1])) : first.Spacing;
        var whole = new Volume([.. channels.SelectMany(channel => channel.Channels)], first.Size, first.Geometry, spacing);
        return reader.EndsWith("WithReorient", StringComparison.Ordinal) ? new Orientation(whole.Geometry).Turn(whole) : whole;
    }

    /// <summary>Reads a label map, such as that of the stage before.</summary>
    /// <param name="reader">As for the image.</param>
    /// <param name="file">The file.</param>
    /// <exception cref="InvalidDataException">It is no image that can be read, or its numbers are no labels.</exception>
    public static LabelVolume ReadLabels(string reader, string file)
    {
        var volume = Read(reader, [file]);
        return new LabelVolume(Array.ConvertAll(volume.Values, value => float.IsInteger(value) && value is >= 0 and <= ushort.MaxValue ? (ushort)value : throw new InvalidDataException($"{file}: {value} is no label.")), volume.Size);
    }

    /// <summary>Writes a label map on the grid of the image, whole or not at all.</summary>
    /// <param name="file">The file.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="image">The image, as it was read.</param>
    public static void Write(string file, LabelVolume labels, Volume image)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(image);
        ImageFile.WriteLabels(file, labels.Labels, labels.Size, image.Geometry);
    }
}
