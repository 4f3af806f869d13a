namespace UNetFamily;

/// <summary>A map in another layout; only plans have it.</summary>
internal sealed class ChangeLayout(MemoryLayout to) : PlacedOperation
{
    public override void Run(Tensor[] x, Tensor y)
    {
        if (x[0].dtype is not ScalarType.Float32 || x[0].device_type is not DeviceType.CPU || !x[0].IsIn(to.Other()))
        {
            y.copy_(x[0]);
            return;
        }
        var (channels, positions) = (y.shape[1], y.shape.Positions());
        var (rows, columns) = to is MemoryLayout.ChannelsLast ? (channels, positions) : (positions, channels);
        KernelOperation.ForSamples(x[0], y, (from, into, crew) => Transposition.Run(from, into, rows, columns, crew));
    }

    public override long[] Shape(long[][] x) => x[0];

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];

    public override MemoryLayout LayoutOf(Tensor[] x) => to;
}
