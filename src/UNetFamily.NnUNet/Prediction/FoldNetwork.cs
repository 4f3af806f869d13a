namespace UNetFamily.NnUNet;

/// <summary>The one place where a window meets the network of a fold.</summary>
/// <param name="network">The network, in evaluation mode.</param>
internal sealed class FoldNetwork(SegmentationModel network) : IDisposable
{
    public SegmentationModelOptions Options => network.Options;

    public Device Device => network.parameters().First().device;

    /// <summary>The bytes of the weights.</summary>
    public long WeightBytes => network.state_dict().Values.Sum(weight => weight.numel() * weight.element_size());

    /// <summary>The most bytes that maps take while a window is computed.</summary>
    public long PeakBytes(ReadOnlySpan<long> patch) => network.Summary(patch).InferencePeakBytes;

    /// <summary>The logits of a batch of windows.</summary>
    /// <param name="windows">(N, C, …patch), float32 on the network's device.</param>
    /// <returns>(N, heads, …patch), in the current scope.</returns>
    public Tensor Logits(Tensor windows) => network.call(windows).Logits;

    public void Dispose() => network.Dispose();
}
