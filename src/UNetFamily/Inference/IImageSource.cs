namespace UNetFamily;

/// <summary>
/// An image or volume that is read box by box, so that it needn't fit into memory as floating-point numbers: it may lie on disk, in another type, or be computed. <see cref="TensorImage"/> reads from a tensor.
/// </summary>
public interface IImageSource
{
    /// <summary>(C, H, W) or (C, D, H, W).</summary>
    ValueList<long> Shape { get; }

    /// <summary>Reads a box of all channels. Boxes overlap and come in the order of windows, the first spatial axis slowest.</summary>
    /// <param name="start">The first place of the box on each spatial axis.</param>
    /// <param name="box">
    /// (C, …sides of the box), to be filled with <c>copy_</c>: on the CPU, in float32 (float64 for a network in float64), as a rule a view of something larger. The box lies inside the image.
    /// </param>
    void Read(ReadOnlySpan<long> start, Tensor box);
}
