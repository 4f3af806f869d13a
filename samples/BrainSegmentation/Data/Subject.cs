namespace UNetFamily.Samples.BrainSegmentation.Data;

/// <summary>One person (or phantom): an image and the class of every voxel, on one grid.</summary>
internal sealed class Subject
{
    private Subject(string description, Volume image, byte[] labels, LabelScheme scheme)
    {
        (Description, Labels, Scheme) = (description, labels, scheme);
        Image = image with { Values = Normalize(image.Values) };
    }

    /// <summary>A sentence about where the data come from.</summary>
    public string Description { get; }

    /// <summary>The image, brought to zero mean and unit variance over its foreground.</summary>
    public Volume Image { get; }

    /// <summary>The class of each voxel.</summary>
    public byte[] Labels { get; }

    public LabelScheme Scheme { get; }

    public GridSize Size => Image.Size;

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

    // The foreground is what is brighter than the mean: in a head scan, tissue. Scanners have no common unit of brightness.
    private static float[] Normalize(float[] values)
    {
        var known = Array.ConvertAll(values, value => float.IsFinite(value) ? value : 0);
        var threshold = known.Average(value => (double)value);
        var foreground = known.Where(value => value > threshold);
        double count = 0, sum = 0, squares = 0;
        foreach (double value in foreground) (count, sum, squares) = (count + 1, sum + value, squares + value * value);

        var mean = sum / Math.Max(1, count);
        var deviation = Math.Sqrt(Math.Max(0, squares / Math.Max(1, count) - mean * mean));
        if (count == 0) throw new InvalidDataException("the image has the same value everywhere.");
        // A foreground of one value (a mask) has no spread of its own; its distance from the background serves.
        var unit = deviation > 1e-6 * Math.Abs(mean) ? deviation : Math.Abs(mean - threshold);
        return Array.ConvertAll(known, value => (float)((value - mean) / unit));
    }
}
