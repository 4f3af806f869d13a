namespace UNetFamily;

/// <summary>Average pooling.</summary>
internal sealed class AveragePool(Module<Tensor, Tensor> pool, long[] kernel, long[]? stride, long[]? padding) : PoolOperation(pool, kernel, stride, padding)
{
    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.KeepsFirst;
}
