namespace UNetFamily;

/// <summary>A map in another layout; only plans have it.</summary>
internal sealed class ChangeLayout(MemoryLayout to) : Operation
{
    public override Tensor Run(Tensor[] x) => x[0].dtype is ScalarType.Float32 && x[0].device_type is DeviceType.CPU && x[0].IsIn(to.Other()) ? Transposed(x[0]) : x[0].CopyIn(to);

    private Tensor Transposed(Tensor x)
    {
        var (channels, positions) = (x.shape[1], x.shape.Positions());
        var (rows, columns) = to is MemoryLayout.ChannelsLast ? (channels, positions) : (positions, channels);
        var result = to.Empty(x.shape, x.dtype, x.device);
        KernelOperation.ForSamples(x, result, (from, into, crew) => Transposition.Run(from, into, rows, columns, crew));
        return result;
    }

    public override long[] Shape(long[][] x) => x[0];

    public override bool TakesChannelsLast => true;

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];
}
