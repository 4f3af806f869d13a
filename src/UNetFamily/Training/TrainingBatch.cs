namespace UNetFamily;

/// <summary>What one training step learns from. It owns its tensors: dispose it.</summary>
/// <param name="images">(N, C, …spatial).</param>
/// <param name="labels">(N, …spatial) class indices, 64-bit.</param>
public sealed class TrainingBatch(Tensor images, Tensor labels) : IDisposable
{
    /// <summary>The images, (N, C, …spatial).</summary>
    public Tensor Images { get; } = images;

    /// <summary>The class of each pixel, (N, …spatial), 64-bit.</summary>
    public Tensor Labels { get; } = labels;

    /// <summary>Disposes both tensors.</summary>
    public void Dispose()
    {
        Images.Dispose();
        Labels.Dispose();
    }
}
