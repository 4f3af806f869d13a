namespace UNetFamily.Scans;

/// <summary>A trained network for scans, whatever runs it.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Dims">Whether it takes slices or volumes.</param>
/// <param name="InChannels">Channels of its input.</param>
/// <param name="OutChannels">Its classes.</param>
/// <param name="Logits">The mean logits of images, through a sliding window.</param>
/// <param name="Labels">The class of each place.</param>
internal sealed record Network(string Name, SpatialDims Dims, long InChannels, long OutChannels, Network.Run Logits, Network.Run Labels)
{
    public delegate Tensor Run(SlidingWindow window, Tensor image, IProgress<WindowProgress>? progress, CancellationToken cancellation);

    /// <summary>A network of TorchSharp.</summary>
    public static Network Of(SegmentationModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new(model.GetName(), model.Options.SpatialDims, model.Options.InChannels, model.Options.OutChannels,
            (window, image, progress, cancellation) => window.Logits(model, image, progress, cancellation),
            (window, image, progress, cancellation) => window.Labels(model, image, progress, cancellation));
    }

    /// <summary>Any other.</summary>
    public static Network Of(IWindowNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new(network.Name, network.SpatialDims, network.InChannels, network.OutChannels,
            (window, image, progress, cancellation) => window.Logits(network, image, progress, cancellation),
            (window, image, progress, cancellation) => window.Labels(network, image, progress, cancellation));
    }
}
