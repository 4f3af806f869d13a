namespace UNetFamily.Scans;

/// <summary>Segments whole scans with a network for images: slice by slice, in the order of the file, each with the neighbours that the network was trained with as further channels.</summary>
internal static class SliceSegmenter
{
    private const int BatchSize = 8;

    /// <summary>The class of each voxel of a scan.</summary>
    /// <param name="model">The network, for images.</param>
    /// <param name="preparation">How it was trained.</param>
    /// <param name="scan">The scan, with the brightness that <see cref="ScanIntensity"/> gives it.</param>
    /// <param name="progress">Is told how many slices are done.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public static byte[] Segment(Network model, ScanPreparation preparation, Volume scan, IProgress<WindowProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var spacing = scan.Geometry.Spacing;
        var (size, slices) = (scan.Size, tensor(scan.Values, [scan.Size.Z, scan.Size.Y, scan.Size.X]));
        var offsets = Offsets(model.InChannels, preparation.NeighbourDistance ?? 0, (float)spacing.Z);
        var (height, width) = (Side(size.Y, (float)spacing.Y), Side(size.X, (float)spacing.X));
        // Outside the scan there is air, as dark as anything in it.
        var window = preparation.ToWindow() with { Cval = scan.Values.Min() };

        var labels = new byte[size.Voxels];
        for (var done = 0; done < size.Z; done += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var perBatch = NewDisposeScope();
            int[] batch = [.. Enumerable.Range(done, Math.Min(BatchSize, size.Z - done))];
            // The first and the last slice stand in for neighbours that the scan does not have.
            long[] chosen = [.. batch.SelectMany(slice => offsets.Select(offset => Math.Clamp(slice + offset, 0, size.Z - 1)))];
            var images = slices.index_select(0, tensor(chosen)).reshape(batch.Length, offsets.Length, size.Y, size.X);
            var logits = Resampled(model.Logits(window, Resampled(images, height, width), null, cancellation).cpu(), size.Y, size.X);
            var classes = logits.shape[1] == 1 ? logits.squeeze(1).gt(0) : logits.argmax(1);
            classes.to(ScalarType.Byte).contiguous().data<byte>().ToArray().CopyTo(labels, done * size.Slice);
            progress?.Report(new(done + batch.Length, size.Z));
        }
        return labels;

        long Side(int voxels, double distance) => preparation.Spacing is { } pixel ? Math.Max(1, (long)Math.Round(voxels * distance / pixel)) : voxels;
    }

    // A slice and its neighbours from below to above; at least the next ones, however thick slices are.
    private static long[] Offsets(long channels, double distance, double thickness) =>
        [.. Enumerable.Range(0, (int)channels).Select(channel => (channel - channels / 2) * Math.Max(1, (long)Math.Round(distance / thickness)))];

    private static Tensor Resampled(Tensor images, long height, long width) => images.shape[2] == height && images.shape[3] == width ? images
        : functional.interpolate(images, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
}
