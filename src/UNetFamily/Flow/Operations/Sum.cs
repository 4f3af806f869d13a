namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>The sum of two maps, as of a branch and its shortcut.</summary>
    /// <param name="left">A map.</param>
    /// <param name="right">A map of the same shape, or with sides of 1 that are repeated.</param>
    public static FeatureMap operator +(FeatureMap left, FeatureMap right) => Combined(left, right, new Sum());
}

/// <summary>left + right. The gradient needs neither.</summary>
internal sealed class Sum : Arithmetic
{
    public override Tensor Run(Tensor[] x) => x[0].add(x[1]);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override bool CanOverwrite(int operand) => true;

    public override Tensor Overwrite(Tensor[] x, int operand) => x[operand].add_(x[1 - operand]);
}
