namespace UNetFamily.NnUNet;

/// <summary>The one place where a window meets the network of a fold.</summary>
/// <param name="network">The network, in evaluation mode.</param>
internal sealed class FoldNetwork(SegmentationModel network) : IDisposable
{
    public SegmentationModelOptions Options => network.Options;

    public Device Device => network.parameters().First().device;

    /// <summary>The bytes of the weights; a plan may have as many again, in another layout.</summary>
    public long WeightBytes => network.state_dict().Values.Sum(weight => weight.numel() * weight.element_size());

    /// <summary>The most bytes that maps take while a window is computed.</summary>
    public long PeakBytes(ReadOnlySpan<long> patch) => network.Summary(patch).InferencePeakBytes;

    /// <summary>An inference plan for single windows; null where the network has modules that flows don't know.</summary>
    /// <param name="patch">The sides of a window.</param>
    public InferencePlan? Plan(ReadOnlySpan<long> patch)
    {
        try
        {
            return network.ForInference(patch);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The logits of a window.</summary>
    /// <param name="window">(1, C, …patch), float32 on the network's device.</param>
    /// <param name="plan">A plan of the network; null for none.</param>
    /// <returns>(1, heads, …patch), in the current scope.</returns>
    public Tensor Logits(Tensor window, InferencePlan? plan) => plan?.Run(window) ?? network.call(window).Logits;

    public void Dispose() => network.Dispose();
}
