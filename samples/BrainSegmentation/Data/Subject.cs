using UNetFamily.Scans;

namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>One person (or phantom): an image and the class of every voxel, on one grid.</summary>
internal sealed class Subject
{
    private Subject(string description, Volume image, byte[] labels, LabelScheme scheme)
    {
        (Description, Labels, Scheme) = (description, labels, scheme);
        Image = image.With(ScanIntensity.Normalize(image.Values));
    }

    /// <summary>A sentence about where the data come from.</summary>
    public string Description { get; }

    /// <summary>The image, brought to zero mean and unit variance over its foreground.</summary>
    public Volume Image { get; }

    /// <summary>The class of each voxel.</summary>
    public byte[] Labels { get; }

    public LabelScheme Scheme { get; }

    public VolumeSize Size => Image.Size;

    /// <summary>The classes of the voxels of one slice.</summary>
    public ReadOnlySpan<byte> LabelsOf(int z) => Labels.AsSpan(z * Size.Slice, Size.Slice);

    /// <summary>Puts an image and its labels together.</summary>
    /// <param name="description">A sentence about where the data come from.</param>
    /// <param name="image">The image.</param>
    /// <param name="labels">A whole number for each voxel.</param>
    /// <param name="scheme">The classes; one for each number when left out.</param>
    /// <exception cref="InvalidDataException">The two don't belong together, or the image is empty.</exception>
    public static Subject Of(string description, Volume image, Volume labels, LabelScheme? scheme = null)
    {
        if (image.Size != labels.Size) throw new InvalidDataException($"the image has {image.Size} voxels, the labels have {labels.Size}.");
        if (!image.Geometry.Matches(labels.Geometry, image.Size))
            throw new InvalidDataException("the image and the labels lie at different places (their affine maps differ).");
        scheme ??= LabelScheme.Of(labels);
        return new Subject(description, image, scheme.Classify(labels), scheme);
    }
}
