namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Two axes exchanged, without a copy.</summary>
    /// <param name="first">An axis; negative numbers count from the last.</param>
    /// <param name="second">Another axis.</param>
    public FeatureMap Transpose(int first, int second) => Apply(new Transpose(first, second), this);
}

/// <summary>Two axes exchanged.</summary>
internal sealed class Transpose(int first, int second) : Operation
{
    /// <summary>The axes; negative numbers count from the last.</summary>
    public (int First, int Second) Exchanged => (first, second);

    public override Tensor Run(Tensor[] x) => x[0].transpose(first, second);

    public override long[] Shape(long[][] x)
    {
        var (a, b, shape) = (x[0].FromFront(first), x[0].FromFront(second), (long[])x[0].Clone());
        (shape[a], shape[b]) = (shape[b], shape[a]);
        return shape;
    }

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];

    public override bool IsView(bool dense) => true;

    public override bool IsDense => false;
}
