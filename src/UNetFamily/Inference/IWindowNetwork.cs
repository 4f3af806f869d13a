namespace UNetFamily;

/// <summary>
/// A segmentation network that computes on plain memory, without TorchSharp, so that <see cref="SlidingWindow"/> can use it like a <see cref="SegmentationModel"/>: an ONNX file, another runtime, a server.
/// Without a <see cref="SegmentationModel"/>, and with the methods of <see cref="SlidingWindow"/> that take plain memory, no libtorch is loaded.
/// </summary>
public interface IWindowNetwork
{
    /// <summary>What messages call it.</summary>
    string Name { get; }

    /// <summary>Images or volumes.</summary>
    SpatialDims SpatialDims { get; }

    /// <summary>Channels of the input.</summary>
    long InChannels { get; }

    /// <summary>Channels of the logits.</summary>
    long OutChannels { get; }

    /// <summary>The spatial sizes that it takes.</summary>
    InputSizes InputSizes { get; }

    /// <summary>The sides of the logits for windows of some sides: the same, or those of the centre with equal margins, where convolutions are not padded.</summary>
    /// <param name="size">(H, W) or (D, H, W), one of <see cref="InputSizes"/>.</param>
    long[] OutputSize(ReadOnlySpan<long> size);

    /// <summary>The logits of a batch of windows. It may be called from several threads at once.</summary>
    /// <param name="windows">(N, InChannels, …spatial), in row-major order.</param>
    /// <param name="shape">That shape.</param>
    /// <param name="logits">Takes (N, OutChannels, …<see cref="OutputSize"/>).</param>
    void Predict(ReadOnlySpan<float> windows, ReadOnlySpan<long> shape, Span<float> logits);
}
