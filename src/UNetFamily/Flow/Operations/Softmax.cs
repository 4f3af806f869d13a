namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Softmax along an axis: positive numbers that sum to one.</summary>
    /// <param name="axis">The axis; negative numbers count from the last.</param>
    public FeatureMap Softmax(int axis) => Apply(new Softmax(axis), this);
}

/// <summary>Softmax along an axis. The gradient needs the result.</summary>
internal sealed class Softmax(int axis) : Operation
{
    /// <summary>The axis; negative numbers count from the last.</summary>
    public int Axis => axis;

    public override Tensor Run(Tensor[] x) => x[0].softmax(axis);

    public override long[] Shape(long[][] x) => x[0];

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.ByResult;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => x[0].FromFront(axis) == 1 ? fields[0] : fields[0]?.Global();
}
