namespace UNetFamily;

/// <summary>Stochastic depth: whole samples are dropped.</summary>
internal sealed class DropSamples(DropPath dropPath) : LayerOperation(dropPath)
{
    public override long[] Shape(long[][] x) => x[0];

    public override bool MayPassThrough => true;

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => !mode.Training || dropPath.Probability == 0
        ? MemoryUse.None with { PassesThrough = true }
        : MemoryUse.None with { KeptBytes = mode.BytesPerNumber * y[0] };

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];
}
