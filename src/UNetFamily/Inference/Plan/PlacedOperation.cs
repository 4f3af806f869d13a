namespace UNetFamily;

/// <summary>An operation that writes its result where it is told to; only plans have it.</summary>
internal abstract class PlacedOperation : Operation
{
    /// <summary>Computes the result.</summary>
    /// <param name="x">The operands.</param>
    /// <param name="y">Where it goes, in the layout that the operation gives; an operand where that can be overwritten.</param>
    public abstract void Run(Tensor[] x, Tensor y);

    public sealed override Tensor Run(Tensor[] x)
    {
        var result = LayoutOf(x).Empty(Shape(Array.ConvertAll(x, operand => operand.shape)), x[0].dtype, x[0].device);
        Run(x, result);
        return result;
    }

    public sealed override Tensor Overwrite(Tensor[] x, int operand)
    {
        Run(x, x[operand]);
        return x[operand];
    }

    public sealed override bool TakesChannelsLast => true;

    public sealed override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    /// <summary>How the result lies in memory.</summary>
    public virtual MemoryLayout LayoutOf(Tensor[] x) => MemoryLayout.ChannelsLast;
}
