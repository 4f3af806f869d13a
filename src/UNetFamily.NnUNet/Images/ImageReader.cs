using System.Text.Json;

namespace UNetFamily.NnUNet;

/// <summary>
/// Reads the images of a case and writes its labels by the conventions of one of nnU-Net's classes (<c>image_reader_writer</c> of the plans), which decide about axes and spacing. Axes are (Z, Y, X) as in NIfTI's order
/// reversed; everything becomes float32.
/// </summary>
public abstract class ImageReader
{
    private const double RelativeTolerance = 1e-5, AbsoluteTolerance = 1e-8;

    /// <summary>The distance between slices of an image that has one: as large as nothing in it.</summary>
    private const double Apart = 999;

    private ImageReader(string name, IReadOnlyList<string> endings) => (Name, Endings) = (name, endings);

    /// <summary>The readers by the names in plans.</summary>
    public static IReadOnlyList<ImageReader> All { get; } = [new Itk(reorients: false), new Itk(reorients: true), new Nibabel(reorients: false), new Nibabel(reorients: true), new NaturalImage(), new Tiff()];

    /// <summary>The class in nnU-Net.</summary>
    public string Name { get; }

    /// <summary>The ends of the names of files that it takes.</summary>
    public IReadOnlyList<string> Endings { get; }

    /// <summary>The reader of a name in plans.</summary>
    /// <param name="name">Such as <c>SimpleITKIO</c>.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static ImageReader Of(string name) => All.FirstOrDefault(reader => reader.Name == name)
        ?? throw new ArgumentException($"There is no reader '{name}'. Known are {string.Join(", ", All.Select(reader => reader.Name))}.", nameof(name));

    /// <summary>Reads a case.</summary>
    /// <param name="files">The file of each channel, in order; a coloured picture holds several.</param>
    /// <returns>The channels on one grid.</returns>
    /// <exception cref="InvalidDataException">A file can't be read, the reader doesn't take such files, or files differ in size or spacing.</exception>
    public Volume Read(params IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 0) throw new ArgumentException("A case has a file or more.", nameof(files));
        Volume[] volumes = [.. files.Select(ReadFile)];
        var first = volumes[0];
        foreach (var (number, volume) in volumes.Index().Skip(1))
        {
            if (volume.Size != first.Size) throw new InvalidDataException($"{files[number]}: the channel has {volume.Size} voxels, {files[0]} has {first.Size}.");
            if (Enumerable.Range(0, 3).Any(axis => Math.Abs(volume.Spacing[axis] - first.Spacing[axis]) > AbsoluteTolerance + RelativeTolerance * Math.Abs(first.Spacing[axis])))
                throw new InvalidDataException($"{files[number]}: the channel's voxels are {volume.Spacing} mm apart, those of {files[0]} are {first.Spacing}.");
        }
        return volumes.Length == 1 ? first : first.With([.. volumes.SelectMany(volume => volume.Channels)]);
    }

    /// <summary>Writes the labels of a case so that they lie on its image's file: axes that were turned are turned back. The file has 8 bits for each label where none is above 254, otherwise 16, and appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="labels">The label of each voxel of the image that was read, X fastest.</param>
    /// <param name="image">The image that was read.</param>
    /// <exception cref="ArgumentException">The labels don't fill the image.</exception>
    /// <exception cref="NotSupportedException">No format is known whose names end like that.</exception>
    public virtual void WriteLabels(string path, ReadOnlySpan<ushort> labels, Volume image)
    {
        ArgumentNullException.ThrowIfNull(image);
        ImageFile.WriteLabels(path, labels, image.Size, image.Geometry);
    }

    /// <summary>Reads labels that lie on an image's file, such as those of the stage before in a cascade.</summary>
    /// <param name="path">The file.</param>
    /// <returns>A label for each voxel of the image as this reader gives it, and its size.</returns>
    /// <exception cref="InvalidDataException">The file can't be read, or holds other numbers than labels.</exception>
    public (short[] Labels, VolumeSize Size) ReadLabels(string path)
    {
        var volume = ReadFile(path);
        if (volume.Channels.Count != 1) throw new InvalidDataException($"{path}: labels have one channel, not {volume.Channels.Count}.");
        var labels = new short[volume.Values.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            var value = volume.Values[i];
            labels[i] = value is >= short.MinValue and <= short.MaxValue && float.IsInteger(value) ? (short)value : throw new InvalidDataException($"{path}: {value} is no label.");
        }
        return (labels, volume.Size);
    }

    private protected abstract Volume Arrange(Volume volume, string path);

    private Volume ReadFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Endings.Any(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase))) throw new InvalidDataException($"{path}: {Name} takes {string.Join(", ", Endings)}.");
        return Arrange(ImageFile.Read(path), path);
    }

    private static Volume Spaced(Volume volume, VolumeSpacing spacing) => new(volume.Channels, volume.Size, volume.Geometry, spacing);

    private static Volume Turned(Volume volume, VolumeGeometry? decides = null) => new Orientation(decides ?? volume.Geometry).Turn(volume);

    /// <summary>Spacing in millimetres by the header; images of two axes are slices far apart.</summary>
    private sealed class Itk(bool reorients) : ImageReader(reorients ? "SimpleITKIOWithReorient" : "SimpleITKIO", [".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd"])
    {
        private protected override Volume Arrange(Volume volume, string path)
        {
            var spacing = volume.Geometry is NiftiGeometry nifti ? nifti.HeaderSpacingInMillimetres : volume.Geometry.Spacing;
            if (volume.Geometry.Rank == 2) spacing = spacing with { Z = Apart * Math.Max(spacing.Y, spacing.X) };
            var spaced = Spaced(volume, spacing);
            return reorients && volume.Geometry.Rank == 3 ? Turned(spaced) : spaced;
        }
    }

    /// <summary>Spacing as the header has it, whatever its unit.</summary>
    private sealed class Nibabel(bool reorients) : ImageReader(reorients ? "NibabelIOWithReorient" : "NibabelIO", [".nii.gz", ".nii"])
    {
        private protected override Volume Arrange(Volume volume, string path)
        {
            if (volume.Geometry.Rank != 3) throw new InvalidDataException($"{path}: {Name} takes images of three axes, this one has {volume.Geometry.Rank}.");
            var geometry = (NiftiGeometry)volume.Geometry;
            var spaced = Spaced(volume, geometry.HeaderSpacing);
            return !reorients ? spaced : Turned(spaced, geometry is { QFormCode: <= 0, SFormCode: <= 0 } ? Leftwards(geometry) : geometry);
        }

        // Where a header says nothing of directions, nibabel takes x for running to the left, as in the format's ancestor.
        private static NiftiGeometry Leftwards(NiftiGeometry geometry)
        {
            var affine = geometry.Affine();
            affine[0] = -affine[0];
            return geometry with { SFormCode = 1, SForm = affine };
        }
    }

    /// <summary>Pictures: channels of colour, one slice.</summary>
    private sealed class NaturalImage() : ImageReader("NaturalImage2DIO", [".png", ".bmp", ".tif"])
    {
        private protected override Volume Arrange(Volume volume, string path) =>
            volume.Size.Z == 1 ? Spaced(volume, new VolumeSpacing(Apart, 1, 1)) : throw new InvalidDataException($"{path}: {Name} takes single pictures, this file has {volume.Size.Z} pages.");
    }

    /// <summary>A page for each slice; CASE.json beside CASE_0000.tif may say the spacing, (Z, Y, X).</summary>
    private sealed class Tiff() : ImageReader("Tiff3DIO", [".tif", ".tiff"])
    {
        private const int ChannelNumber = 5;        // _0000

        public override void WriteLabels(string path, ReadOnlySpan<ushort> labels, Volume image)
        {
            base.WriteLabels(path, labels, image);
            var spacing = image.Spacing;
            File.WriteAllText(Path.ChangeExtension(path, ".json"), JsonSerializer.Serialize(new { spacing = new[] { spacing.Z, spacing.Y, spacing.X } }));
        }

        private protected override Volume Arrange(Volume volume, string path)
        {
            if (volume.Channels.Count != 1) throw new InvalidDataException($"{path}: {Name} takes one channel for each file, this one has {volume.Channels.Count}.");
            var stem = Path.ChangeExtension(path, null);
            // Labels have no number of a channel.
            var beside = ((string[])[stem.Length > ChannelNumber ? stem[..^ChannelNumber] + ".json" : "", stem + ".json"]).FirstOrDefault(File.Exists);
            return Spaced(volume, beside is null ? new VolumeSpacing(1, 1, 1) : SpacingOf(beside));
        }

        private static VolumeSpacing SpacingOf(string path)
        {
            try
            {
                using var json = JsonDocument.Parse(File.ReadAllBytes(path));
                var spacing = VolumeSpacing.Of([.. json.RootElement.GetProperty("spacing").EnumerateArray().Select(distance => distance.GetDouble())]);
                if (spacing.IsPositive) return spacing;
            }
            catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException or FormatException)
            {
                throw new InvalidDataException($"{path}: 'spacing' must hold three numbers above 0: {problem.Message}", problem);
            }
            throw new InvalidDataException($"{path}: 'spacing' must hold three numbers above 0.");
        }
    }
}
