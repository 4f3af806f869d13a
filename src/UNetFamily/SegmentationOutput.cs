namespace UNetFamily;

/// <summary>
/// What a segmentation network returns: logits at full resolution, and the maps of deep supervision when the network was built with it.
/// It owns its tensors: dispose it, or move them out.
/// </summary>
/// <param name="logits">(N, classes, …spatial), at the resolution of the input.</param>
/// <param name="auxiliary">Further logits from fine to coarse; none when left out.</param>
public sealed class SegmentationOutput(Tensor logits, params IReadOnlyList<Tensor> auxiliary) : IDisposable
{
    /// <summary>The logits at the finest resolution, (N, classes, …spatial): no softmax or sigmoid was applied.</summary>
    public Tensor Logits { get; } = logits;

    /// <summary>
    /// The logits of deep supervision from fine to coarse, each (N, classes, …its own spatial size). Their number is fixed by the network's
    /// options, and is the same in training and evaluation.
    /// </summary>
    public IReadOnlyList<Tensor> Auxiliary { get; } = auxiliary;

    /// <summary><see cref="Logits"/>, then <see cref="Auxiliary"/>.</summary>
    public IReadOnlyList<Tensor> FinestFirst => [Logits, .. Auxiliary];

    /// <summary>Disposes all tensors.</summary>
    public void Dispose()
    {
        foreach (var map in FinestFirst) map.Dispose();
    }
}
