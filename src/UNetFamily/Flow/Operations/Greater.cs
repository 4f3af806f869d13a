namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>1 where this map is greater than another, else 0: a switch. No gradient passes it.</summary>
    /// <param name="other">A map of the same shape, or with sides of 1 that are repeated.</param>
    public FeatureMap Greater(FeatureMap other) => Combined(this, other, new Greater());
}

/// <summary>1 where the first operand is greater, else 0.</summary>
internal sealed class Greater : Arithmetic
{
    public override Tensor Run(Tensor[] x)
    {
        using var isGreater = x[0].gt(x[1]);
        return isGreater.to(x[0].dtype);
    }

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None with { PassingBytes = y.Elements() };
}
