namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>The product of two maps, number by number, as of a map and its gate.</summary>
    /// <param name="left">A map.</param>
    /// <param name="right">A map of the same shape, or with sides of 1 that are repeated.</param>
    public static FeatureMap operator *(FeatureMap left, FeatureMap right) => Combined(left, right, new Product());
}

/// <summary>left * right, number by number. The gradient of each needs the other.</summary>
internal sealed class Product : Arithmetic
{
    public override Tensor Run(Tensor[] x) => x[0].mul(x[1]);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => new() { KeptOperands = 0b11 };

    public override bool CanOverwrite(int operand) => true;

    public override Tensor Overwrite(Tensor[] x, int operand) => x[operand].mul_(x[1 - operand]);
}
