namespace UNetFamily.NnUNet;

/// <summary>From an image to what the network gets: axes in order, cut to what isn't 0, normalised and resampled, as nnU-Net's <c>DefaultPreprocessor</c> does.</summary>
public sealed class ImagePreparation
{
    private readonly PlansFile plans;
    private readonly PlannedConfiguration configuration;
    private readonly DatasetFile dataset;

    /// <summary>As a model's plans say.</summary>
    /// <param name="folder">The model.</param>
    public ImagePreparation(ModelFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        (plans, configuration, dataset) = (folder.Plans, folder.Configuration, folder.Dataset);
    }

    /// <summary>Prepares an image.</summary>
    /// <param name="image">The image, as nnU-Net's reader gives it; it isn't changed.</param>
    /// <param name="previous">The labels that the stage before gave, on the grid of the image; for the second stage of a cascade and only there.</param>
    /// <exception cref="ArgumentException">The image has other channels than the model takes, or numbers that a scheme of normalisation doesn't; or labels are missing or don't fit.</exception>
    public PreparedImage Prepare(Volume image, LabelVolume? previous = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        Require(image, previous);
        var order = plans.AxisOrder;
        var (size, spacing) = (order.Forward(image.Size), order.Forward(image.Spacing));
        float[][] whole = [.. image.Channels.Select(channel => order.Forward(channel, image.Size))];
        RequireFinite(whole, size);

        var box = NonzeroMask.Box(whole, size);
        // A part that is all of the image is the image's own array, which must not be normalised in place.
        float[][] channels = [.. whole.Select((channel, number) => box.Cut(channel, size) is var part && part == image.Channels[number] ? (float[])part.Clone() : part)];
        var labels = Labels(channels, previous is null ? null : box.Cut(order.Forward(previous.Labels, image.Size), size), box.Size);
        for (var channel = 0; channel < channels.Length; channel++) Normalize(channels[channel], channel, labels);

        var target = configuration.Target(spacing);
        var (rule, grid) = (configuration.Data, configuration.Data.Method is ResamplingMethod.None ? box.Size : ResampledSize.Of(box.Size, spacing, target));
        for (var channel = 0; channel < channels.Length; channel++) channels[channel] = VolumeResampling.Resample(channels[channel], box.Size, grid, spacing, target, rule);
        IEnumerable<float[]> further = previous is null ? [] : OneHot(labels!, box.Size, spacing, grid, target);
        return new PreparedImage([.. channels, .. further], grid, target, size, spacing, box);
    }

    private void Require(Volume image, LabelVolume? previous)
    {
        if (image.Channels.Count != dataset.Channels.Count)
            throw new ArgumentException($"The model takes {dataset.Channels.Count} channels ({string.Join(", ", dataset.Channels)}); the image has {image.Channels.Count}.", nameof(image));
        if (configuration.PreviousStage is { } stage && previous is null) throw new ArgumentException($"The model is the second stage of a cascade and needs the labels that '{stage}' gives.", nameof(previous));
        if (configuration.PreviousStage is null && previous is not null) throw new ArgumentException("The model takes no labels of a stage before.", nameof(previous));
        if (previous is not null && previous.Size != image.Size) throw new ArgumentException($"The labels of the stage before have {previous.Size} voxels; the image has {image.Size}.", nameof(previous));
        if (previous is not null && Array.FindIndex(previous.Labels, label => label > short.MaxValue) is >= 0 and var place) throw new ArgumentException($"The labels of the stage before hold {previous.Labels[place]}; {short.MaxValue} is the most.", nameof(previous));
    }

    private static void RequireFinite(float[][] channels, VolumeSize size)
    {
        foreach (var (number, channel) in channels.Index())
            if (Array.FindIndex(channel, value => !float.IsFinite(value)) is >= 0 and var place)
                throw new ArgumentException($"Every number of the image must be finite; channel {number} has {channel[place]} at ({place / size.Slice}, {place / size.X % size.Y}, {place % size.X}), its axes in the network's order.");
    }

    /// <summary>Labels of the stage before in the cut image, -1 outside of the image; without those, 0 inside. null where nobody asks for them.</summary>
    private short[]? Labels(float[][] channels, ushort[]? previous, VolumeSize size)
    {
        if (previous is null && !Enumerable.Range(0, channels.Length).Any(channel => configuration.Normalization(channel, plans).UsesMask)) return null;
        var labels = previous is null ? new short[size.Voxels] : Array.ConvertAll(previous, label => (short)label);
        NonzeroMask.MarkOutside(labels, NonzeroMask.Inside(channels, size));
        return labels;
    }

    private void Normalize(float[] values, int channel, short[]? labels)
    {
        var normalization = configuration.Normalization(channel, plans);
        try
        {
            normalization.Apply(values, normalization.UsesMask ? Array.ConvertAll(labels!, label => label >= 0) : null);
        }
        catch (ArgumentException problem)
        {
            throw new ArgumentException($"Channel {channel} ({dataset.Channels[channel]}): {problem.Message}", problem);
        }
    }

    private IEnumerable<float[]> OneHot(short[] labels, VolumeSize cut, VolumeSpacing spacing, VolumeSize grid, VolumeSpacing target)
    {
        var resampled = VolumeResampling.ResampleLabels(labels, cut, grid, spacing, target, configuration.Segmentation);
        return dataset.Foreground.Select(label => Array.ConvertAll(resampled, value => value == label ? 1f : 0f));
    }
}
