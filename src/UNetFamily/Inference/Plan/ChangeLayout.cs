namespace UNetFamily;

/// <summary>A map in another layout; only plans have it.</summary>
internal sealed class ChangeLayout(MemoryLayout to) : Operation
{
    public override Tensor Run(Tensor[] x)
    {
        var from = to is MemoryLayout.ChannelsLast ? MemoryLayout.Contiguous : MemoryLayout.ChannelsLast;
        return x[0].dtype is ScalarType.Float32 && x[0].device_type is DeviceType.CPU && x[0].IsIn(from) ? Transposed(x[0]) : x[0].CopyIn(to);
    }

    private Tensor Transposed(Tensor x)
    {
        var shape = x.shape;
        var result = to is MemoryLayout.ChannelsLast ? empty([shape[0], .. shape[2..], shape[1]]).movedim([-1], [1]) : empty(shape);
        var (rows, columns) = to is MemoryLayout.ChannelsLast ? (shape[1], shape.Positions()) : (shape.Positions(), shape[1]);
        using var crew = new Crew();
        KernelOperation.With(x, from => KernelOperation.With(result, into =>
        {
            for (var sample = 0L; sample < shape[0]; sample++)
                Transposition.Run(from + KernelOperation.Offset(sample, shape), into + KernelOperation.Offset(sample, shape), rows, columns, crew);
        }));
        return result;
    }

    public override long[] Shape(long[][] x) => x[0];

    public override bool TakesChannelsLast => true;

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];
}
