namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>The quotient of two maps, number by number.</summary>
    /// <param name="left">A map.</param>
    /// <param name="right">A map of the same shape, or with sides of 1 that are repeated.</param>
    public static FeatureMap operator /(FeatureMap left, FeatureMap right) => Combined(left, right, new Quotient());
}

/// <summary>left / right, number by number. The gradient needs both.</summary>
internal sealed class Quotient : Arithmetic
{
    public override Tensor Run(Tensor[] x) => x[0].div(x[1]);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => new() { KeptOperands = 0b11 };

    public override bool CanOverwrite(int operand) => operand == 0;

    public override Tensor Overwrite(Tensor[] x, int operand) => x[0].div_(x[1]);
}
