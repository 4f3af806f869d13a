namespace UNetFamily;

/// <summary>A map in another layout; only plans have it.</summary>
internal sealed class ChangeLayout(MemoryLayout to) : Operation
{
    public override Tensor Run(Tensor[] x) => x[0].CopyIn(to);

    public override long[] Shape(long[][] x) => x[0];

    public override bool TakesChannelsLast => true;

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];
}
