using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// The order in which a network's maps lie in memory while gradients are recorded. It is that of the input, since every operation of these networks passes it on, there and in the backward pass; so the input is copied,
/// and outputs are brought back. What isn't float32 on a CPU with vectors of 16 stays as it comes.
/// </summary>
internal static class TrainingLayout
{
    /// <summary>Runs a network.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="input">A batch.</param>
    /// <param name="run">Runs it on the batch in its layout.</param>
    /// <returns>What it gives, in the layout of tensors that PyTorch makes; the caller disposes it.</returns>
    public static Tensor[] Run(SegmentationModelOptions options, Tensor input, Func<Tensor, Tensor[]> run)
    {
        if (options.LayoutInTraining is MemoryLayout.Contiguous || !is_grad_enabled() || input.dtype is not ScalarType.Float32 || input.device_type is not DeviceType.CPU || !Vector512.IsHardwareAccelerated) return run(input);
        using var scope = NewDisposeScope();
        var outputs = Array.ConvertAll(run(input.CopyIn(options.LayoutInTraining)), map => map.InLayout(MemoryLayout.Contiguous));
        scope.MoveToOuter(outputs);
        return outputs;
    }
}
