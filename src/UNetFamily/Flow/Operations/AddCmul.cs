namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>This map plus the product of two others, without a map for the product: <c>x + a * b</c>.</summary>
    /// <param name="a">A map.</param>
    /// <param name="b">A map.</param>
    public FeatureMap AddCmul(FeatureMap a, FeatureMap b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return Apply(new AddCmul(), this, a, b);
    }
}

/// <summary>x + a * b.</summary>
internal sealed class AddCmul : Arithmetic
{
    public override Tensor Run(Tensor[] x) => x[0].addcmul(x[1], x[2], 1);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => new() { KeptOperands = 0b110 };

    public override bool CanOverwrite(int operand) => operand == 0;

    public override Tensor Overwrite(Tensor[] x, int operand) => x[0].addcmul_(x[1], x[2], 1);
}
