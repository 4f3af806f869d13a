namespace UNetFamily.NnUNet;

/// <summary>What the network gets of an image, and the way back to the image.</summary>
/// <param name="Channels">The numbers of each channel on the network's grid, the last axis fastest; for the second stage of a cascade with the labels of the first, a channel for each.</param>
/// <param name="Sides">The sides of that grid.</param>
/// <param name="Spacing">Its spacing in millimetres.</param>
/// <param name="ImageSides">The sides of the image with its axes in the network's order.</param>
/// <param name="ImageSpacing">The spacing of the image in that order.</param>
/// <param name="Box">The part of it that the network sees.</param>
public sealed record PreparedImage(IReadOnlyList<float[]> Channels, ValueList<int> Sides, ValueList<double> Spacing, ValueList<int> ImageSides, ValueList<double> ImageSpacing, Box Box);

/// <summary>From an image to what the network gets: axes in order, cut to what isn't 0, normalised and resampled, as nnU-Net's <c>DefaultPreprocessor</c> does.</summary>
public sealed class ImagePreparation
{
    private const int MostPlaces = 1 << 30;

    private readonly PlansFile plans;
    private readonly PlannedConfiguration configuration;
    private readonly DatasetFile dataset;

    /// <summary>What plans say of a configuration.</summary>
    /// <param name="folder">The model.</param>
    public ImagePreparation(ModelFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        (plans, configuration, dataset) = (folder.Plans, folder.Configuration, folder.Dataset);
    }

    /// <summary>Prepares an image.</summary>
    /// <param name="image">The image, which isn't changed.</param>
    /// <param name="previous">The labels that the stage before gave, on the grid of the image; for the second stage of a cascade and only there.</param>
    /// <exception cref="ArgumentException">The image has other channels than the model takes, or numbers that a scheme of normalisation doesn't; or labels are missing or don't fit.</exception>
    public PreparedImage Prepare(ImageVolume image, LabelVolume? previous = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Channels.Count != dataset.Channels.Count)
            throw new ArgumentException($"The model takes {dataset.Channels.Count} channels ({string.Join(", ", dataset.Channels)}); the image has {image.Channels.Count}.", nameof(image));
        if (configuration.PreviousStage is { } stage && previous is null) throw new ArgumentException($"The model is the second stage of a cascade and needs the labels that '{stage}' gives.", nameof(previous));
        if (configuration.PreviousStage is null && previous is not null) throw new ArgumentException("The model takes no labels of a stage before.", nameof(previous));
        if (previous is not null && !previous.Sides.Equals(image.Sides)) throw new ArgumentException($"The labels of the stage before have sides {previous.Sides}; the image has {image.Sides}.", nameof(previous));

        int[] file = [.. image.Sides];
        var order = plans.TransposeForward;
        var (sides, spacing) = (NnUNet.Sides.Of(file, order), NnUNet.Sides.Of(image.Spacing, order));
        float[][] turned = [.. image.Channels.Select(channel => NnUNet.Sides.Transposed(channel, file, order))];
        foreach (var (number, channel) in turned.Index())
            if (Array.FindIndex(channel, value => !float.IsFinite(value)) is >= 0 and var place)
                throw new ArgumentException($"Every number of the image must be finite; channel {number} has {channel[place]} at {Named(place, sides)} (axes in the network's order).", nameof(image));

        var box = Box.OfNonzero(turned, sides);
        float[][] channels = [.. turned.Select(channel => box.Cut(channel, sides))];
        int[] cut = [.. box.Sides];
        var labels = Labels(channels, previous is null ? null : box.Cut(NnUNet.Sides.Transposed(previous.Labels, file, order), sides), cut);
        for (var channel = 0; channel < channels.Length; channel++) Normalize(channels[channel], channel, labels);

        double[] target = configuration.Patch.Count == 2 ? [spacing[0], .. configuration.Spacing] : [.. configuration.Spacing];
        int[] grid = configuration.Data.IsNone ? cut : [.. cut.Select((side, axis) => Target(spacing[axis] / target[axis] * side, axis))];
        if (grid.Aggregate((Int128)1, (product, side) => product * side) > MostPlaces)
            throw new ArgumentException($"At the model's spacing of {string.Join(" x ", target)} mm the image would have {string.Join(" x ", grid)} voxels. Check its spacing, {string.Join(" x ", spacing)} mm.", nameof(image));
        var separate = configuration.Data.SeparateAxis(spacing, target);
        var maps = configuration.Data.Maps(cut, grid, separate);
        for (var channel = 0; channel < channels.Length; channel++) channels[channel] = VolumeResampling.Numbers(channels[channel], cut, maps, separate);
        IEnumerable<float[]> onehot = previous is null ? [] : OneHot(labels!, cut, spacing, grid, target);
        return new PreparedImage([.. channels, .. onehot], [.. grid], [.. target], [.. sides], [.. spacing], box);
    }

    /// <summary>Labels of the stage before in the cut image, -1 outside of what isn't 0; without those, 0 inside. null where nobody asks for them.</summary>
    private int[]? Labels(float[][] channels, ushort[]? previous, int[] sides)
    {
        if (previous is null && !configuration.Normalizations.Where((scheme, channel) => UsesMask(scheme, channel)).Any()) return null;
        var inside = FilledMask.Of(channels, sides);
        return [.. inside.Select((isInside, place) => previous is not null && previous[place] != 0 ? previous[place] : isInside ? 0 : -1)];
    }

    private bool UsesMask(string scheme, int channel) => configuration.UseMaskForNorm[channel] && Normalizing.MayUseMask(scheme);

    private void Normalize(float[] values, int channel, int[]? labels)
    {
        var scheme = configuration.Normalizations[channel];
        try
        {
            Normalizing.Apply(scheme, values, UsesMask(scheme, channel) ? Array.ConvertAll(labels!, label => label >= 0) : null, plans.Intensities(channel));
        }
        catch (ArgumentException problem)
        {
            throw new ArgumentException($"Channel {channel} ({dataset.Channels[channel]}): {problem.Message}", problem);
        }
    }

    private IEnumerable<float[]> OneHot(int[] labels, int[] cut, double[] spacing, int[] grid, double[] target)
    {
        var separate = configuration.Segmentation.SeparateAxis(spacing, target);
        var resampled = VolumeResampling.Labels(labels, cut, configuration.Segmentation.Maps(cut, grid, separate), configuration.Segmentation, separate);
        return dataset.Foreground.Select(label => Array.ConvertAll(resampled, value => value == label ? 1f : 0f));
    }

    private static int Target(double side, int axis) => Math.Round(side, MidpointRounding.ToEven) is >= 1 and <= int.MaxValue and var rounded ? (int)rounded
        : throw new ArgumentException($"At the model's spacing, axis {axis} would have {side} voxels. Check the spacing of the image.");

    private static string Named(int place, int[] sides) => $"({place / (sides[1] * sides[2])}, {place / sides[2] % sides[1]}, {place % sides[2]})";
}
