namespace UNetFamily.Scans;

/// <summary>Segments whole scans: onto the network's grid, through a sliding window, and back.</summary>
internal static class VolumeSegmenter
{
    /// <summary>The class of each voxel of a scan.</summary>
    /// <param name="model">The network, of one channel, for volumes.</param>
    /// <param name="preparation">How it was trained.</param>
    /// <param name="scan">The scan, with the brightness that <see cref="ScanIntensity"/> gives it.</param>
    /// <param name="progress">Is told after each batch of windows.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public static byte[] Segment(Network model, ScanPreparation preparation, Volume scan, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        var grid = new ScanGrid(scan.Size, scan.Geometry, preparation.Spacing);
        var image = grid.Image(scan.Values);
        // Outside the scan there is air, as dark as anything in it.
        var window = preparation.ToWindow() with { Cval = image.min().ToDouble() };
        using var noGradient = no_grad();
        // On the scan's own grid nothing is interpolated, so the logits of the whole need never exist.
        return grid.IsOriginal
            ? grid.LabelsToFile(model.Labels(window, image, progress, cancellation))
            : grid.LogitsToFile(model.Logits(window, image, progress, cancellation));
    }
}
