namespace UNetFamily;

/// <summary>Max pooling. It notes where each maximum was, in 8 bytes.</summary>
internal sealed class MaxPool(Module<Tensor, Tensor> pool, long[] kernel, long[]? stride, long[]? padding) : PoolOperation(pool, kernel, stride, padding)
{
    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) =>
        MemoryUse.KeepsFirst with { KeptBytes = sizeof(long) * y.Elements(), PassingBytes = mode.Training ? 0 : sizeof(long) * y.Elements() };
}
