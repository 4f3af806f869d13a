namespace UNetFamily.NnUNet;

/// <summary>What a segmentation without probabilities holds at once at most, in bytes, and so about what the process grows by. Logits of the whole image are never among it.</summary>
/// <param name="Image">The image.</param>
/// <param name="Preparation">What preparing it takes beside that: its axes in order, the part that isn't 0, and that part on the network's grid.</param>
/// <param name="Prepared">What the network gets.</param>
/// <param name="Sums">The logits of as many rows as a window has, for each fold, in half precision; and windows on their way there.</param>
/// <param name="Export">The labels, and the rows of logits that are resampled.</param>
/// <param name="Network">The weights of all folds, and the maps of one network while it runs.</param>
public sealed record SegmentationMemory(long Image, long Preparation, long Prepared, long Sums, long Export, long Network)
{
    private const int BytesOfFloat = sizeof(float), BytesOfHalf = 2, BytesOfDouble = sizeof(double), BytesOfLabel = sizeof(ushort);

    // A window's logits, those of a mirrored view, and a channel's copies while it is added.
    private const int WindowsAtOnce = 3;

    // Those that the next row of the image is made of, one that is being resampled, and the result.
    private const int RowsAtOnce = 5;

    /// <summary>The most that is held at once: while the image is prepared, or while it is segmented.</summary>
    public long Peak => Network + Image + Math.Max(Preparation, Prepared + Sums + Export);

    /// <summary>What a model needs for an image that isn't 0 anywhere at its border; less, otherwise.</summary>
    internal static SegmentationMemory Of(ModelFolder folder, VolumeSize image, VolumeSpacing spacing, long network)
    {
        var (configuration, order) = (folder.Configuration, folder.Plans.AxisOrder);
        var (size, turned) = (order.Forward(image), order.IsIdentity ? 0 : 1);
        var current = order.Forward(spacing);
        var target = configuration.Target(current);
        var grid = configuration.Data.Method is ResamplingMethod.None ? size : ResampledSize.Of(size, current, target);
        var (channels, heads, folds) = ((long)folder.Dataset.Channels.Count, folder.Network.OutChannels, folder.Folds.Count);
        long[] window = configuration.Patch.Count == 2 ? [1, .. configuration.Patch] : [.. configuration.Patch];

        var whole = channels * image.Voxels * BytesOfFloat;
        var resampled = grid == size ? 0 : channels * grid.Voxels * BytesOfFloat;
        var rows = HalfSums.Rows([grid.Z, grid.Y, grid.X], window) * grid.Slice;
        return new SegmentationMemory(
            Image: whole,
            Preparation: (1 + turned) * whole + resampled,
            Prepared: folder.Network.InChannels * grid.Voxels * BytesOfFloat,
            Sums: (folds * heads + 1) * rows * BytesOfHalf + WindowsAtOnce * heads * window.Aggregate((product, side) => product * side) * BytesOfFloat,
            Export: (1 + turned) * (long)image.Voxels * BytesOfLabel + RowsAtOnce * heads * Math.Max(size.Slice, grid.Slice) * BytesOfDouble
                + (RowResampling.Can(configuration.Logits) ? 0 : 2 * heads * Math.Max(size.Voxels, grid.Voxels) * BytesOfFloat),
            Network: network);
    }
}
