namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Gives the map the size of another, by linear interpolation (bilinear for images, trilinear for volumes).</summary>
    /// <param name="target">The map of that size; nothing else of it counts.</param>
    /// <param name="alignCorners">Whether the centres of the corner pixels stay where they are; the field uses both conventions.</param>
    /// <returns>(N, C, …spatial of the target).</returns>
    public FeatureMap ResizeTo(FeatureMap target, bool alignCorners)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Apply(new ResizeTo(alignCorners), this, target);
    }
}

/// <summary>The size of the second operand, by linear interpolation. The second is an operand, so that the operation is the same for every size.</summary>
internal sealed class ResizeTo(bool alignCorners) : Operation
{
    /// <summary>Whether the centres of the corner pixels stay where they are.</summary>
    public bool AlignCorners => alignCorners;

    public override Tensor Run(Tensor[] x) => Resampling.Resize(x[0], x[1].shape[2..], alignCorners);

    public override long[] Shape(long[][] x) => x[0].Length == x[1].Length && x[0].Length is 4 or 5
        ? x[0].WithSides((axis, _) => x[1][axis + 2])
        : throw new ArgumentException($"A map of {x[0].Print()} can't be resized to {x[1].Print()}: both must be (N, C, H, W) or (N, C, D, H, W).");

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0]?.Linear(y[2..], alignCorners);
}
