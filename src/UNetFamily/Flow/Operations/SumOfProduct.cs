namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>This map plus the product of two others, without a map for the product: <c>x + a * b</c>.</summary>
    /// <param name="a">A map.</param>
    /// <param name="b">A map.</param>
    public FeatureMap PlusProduct(FeatureMap a, FeatureMap b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return Apply(new SumOfProduct(), this, a, b);
    }
}

/// <summary>x + a * b.</summary>
internal sealed class SumOfProduct : Operation
{
    public override Tensor Run(Tensor[] x) => x[0].addcmul(x[1], x[2], 1);

    public override long[] Shape(long[][] x) => x[0].Broadcast(x[1].Broadcast(x[2], Name), Name);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => new() { KeptOperands = 0b110 };

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => PixelFields.Joined(fields);

    public override bool CanOverwrite(int operand) => operand == 0;

    public override Tensor Overwrite(Tensor[] x, int operand) => x[0].addcmul_(x[1], x[2], 1);
}
