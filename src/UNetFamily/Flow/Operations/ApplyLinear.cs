namespace UNetFamily;

/// <summary>A linear layer on the last axis. Within attention that axis is all tokens.</summary>
internal sealed class ApplyLinear(Linear linear) : LayerOperation(linear)
{
    public override LayerKind Kind => LayerKind.Linear;

    public override long[] Shape(long[][] x) => x[0][^1] == linear.in_features
        ? [.. x[0][..^1], linear.out_features]
        : throw new ArgumentException($"Linear takes {linear.in_features} numbers on the last axis; the map is {x[0].Print()}, with {x[0][^1]}.");

    public override long Macs(long[][] x, long[] y) => checked(x[0].Elements() * linear.out_features);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.KeepsFirst;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0]?.Global();
}
