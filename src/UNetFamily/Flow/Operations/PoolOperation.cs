namespace UNetFamily;

/// <summary>What pooling layers have in common.</summary>
internal abstract class PoolOperation(Module<Tensor, Tensor> pool, long[] kernel, long[]? stride, long[]? padding) : LayerOperation(pool)
{
    public override long[] Shape(long[][] x)
    {
        var y = x[0].WithSides((axis, side) => (side + 2 * Pad(axis) - Kernel(axis)) / Stride(axis) + 1);
        for (var axis = 2; axis < y.Length; axis++)
            if (x[0][axis] + 2 * Pad(axis - 2) < Kernel(axis - 2)) throw new ArgumentException($"{Layer.GetType().Name} with a window of {string.Join(" x ", kernel)} leaves nothing of the map {x[0].Print()}.");
        return y;
    }

    public override bool TakesChannelsLast => true;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) =>
        fields[0]?.Gather(y[2..], Kernel, (axis, position, tap) => position * Stride(axis) - Pad(axis) + tap);

    private long Kernel(int axis) => At(kernel, axis, 1);

    private long Stride(int axis) => At(stride, axis, Kernel(axis));

    private long Pad(int axis) => At(padding, axis, 0);

    private static long At(long[]? values, int axis, long otherwise) => values is { Length: > 0 } ? values[Math.Min(axis, values.Length - 1)] : otherwise;
}
