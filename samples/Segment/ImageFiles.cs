using UNetFamily.NnUNet;
using UNetFamily.Samples.BrainSegmentation.Data;

namespace UNetFamily.Samples.Segment;

/// <summary>Reads the files of a case as nnU-Net's readers do, and writes label maps on their grid.</summary>
internal sealed class ImageFiles
{
    private static readonly string[] Readers = ["SimpleITKIO", "NibabelIO"];
    private static readonly string[] Endings = [".nii.gz", ".nii"];

    private readonly GridSize size;
    private readonly NiftiGeometry geometry;

    private ImageFiles(ImageVolume image, Volume first) => (Image, size, geometry) = (image, first.Size, first.Geometry);

    /// <summary>The channels on their grid.</summary>
    public ImageVolume Image { get; }

    /// <summary>Throws when images of a model can't be read.</summary>
    /// <exception cref="UNetFamily.NnUNet.ModelFolderException">Its reader or kind of file isn't supported.</exception>
    public static void RequireReadable(ModelFolder folder)
    {
        if (!Readers.Contains(folder.Plans.ReaderWriter)) throw new ModelFolderException(folder.Path, $"Its images were read by {folder.Plans.ReaderWriter}; supported are {string.Join(" and ", Readers)}.");
        if (!Endings.Contains(folder.Dataset.FileEnding)) throw new ModelFolderException(folder.Path, $"Its images end with {folder.Dataset.FileEnding}; supported are {string.Join(" and ", Endings)}.");
    }

    /// <summary>Reads the channels of an image.</summary>
    /// <exception cref="InvalidDataException">A file is no image that can be read, or channels have different grids.</exception>
    public static ImageFiles Read(IReadOnlyList<string> files)
    {
        Volume[] channels = [.. files.Select(Nifti.Read)];
        foreach (var (number, channel) in channels.Index())
            if (channel.Size != channels[0].Size || channel.Geometry.PixDim[1..].Zip(channels[0].Geometry.PixDim[1..]).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-8 + 1e-5 * Math.Abs(pair.Second)))
                throw new InvalidDataException($"{files[number]}: it has {channel.Size} voxels of {string.Join(" x ", channel.Geometry.PixDim[1..])} mm, and {files[0]} {channels[0].Size} of {string.Join(" x ", channels[0].Geometry.PixDim[1..])}. Channels of a case have one grid.");
        var (first, distances) = (channels[0], channels[0].Geometry.PixDim);
        if (distances[1..].FirstOrDefault(distance => !(Math.Abs(distance) > 0 && float.IsFinite(distance))) is var wrong && !(Math.Abs(distances[1..].Min()) > 0 && distances[1..].All(float.IsFinite)))
            throw new InvalidDataException($"{files[0]}: the distance of its voxels is {wrong} mm along an axis, so that it can't be brought to the model's spacing.");
        return new ImageFiles(new ImageVolume([.. channels.Select(channel => channel.Values)], [first.Size.Z, first.Size.Y, first.Size.X], [Math.Abs((double)distances[3]), Math.Abs((double)distances[2]), Math.Abs((double)distances[1])]), first);
    }

    /// <summary>Reads a label map, such as that of the stage before.</summary>
    public static LabelVolume ReadLabels(string file)
    {
        var volume = Nifti.Read(file);
        return new LabelVolume(Array.ConvertAll(volume.Values, value => float.IsInteger(value) && value is >= 0 and <= ushort.MaxValue ? (ushort)value : throw new InvalidDataException($"{file}: {value} is no label.")),
            [volume.Size.Z, volume.Size.Y, volume.Size.X]);
    }

    /// <summary>Writes a label map on the grid of the image, whole or not at all.</summary>
    public void Write(string file, LabelVolume labels) =>
        Nifti.WriteLabels(file, Array.ConvertAll(labels.Labels, label => label <= byte.MaxValue ? (byte)label : throw new InvalidDataException($"{file}: label {label} doesn't fit into a byte.")), size, geometry);
}
