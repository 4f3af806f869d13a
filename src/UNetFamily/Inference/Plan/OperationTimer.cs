using System.Collections.Concurrent;
using System.Diagnostics;

namespace UNetFamily;

/// <summary>How long operations take here, each measured once per process and sitting, alone and on maps of one number.</summary>
/// <param name="type">The type of the maps.</param>
/// <param name="device">Where they are.</param>
internal sealed class OperationTimer(ScalarType type, Device device) : IDisposable
{
    private const int Most = 5;
    private const double EnoughMilliseconds = 5;

    private static readonly ConcurrentDictionary<string, double> Known = new();

    // All operands, and the result, in turn, once something has to be measured: glibc seldom takes a block of the same size again, so that the process would grow with each operation.
    private Tensor? numbers;

    // What the process had before, and what its code may take meanwhile.
    private readonly long bytesBefore = Environment.WorkingSet + (32 << 20);

    /// <summary>The milliseconds of a way to compute an operation; the best of a few, after one that doesn't count.</summary>
    /// <param name="way">The way.</param>
    /// <param name="shapes">The shapes of its operands; learned tensors among them are the operation's own business.</param>
    /// <param name="layout">How the operands lie in memory, and how the result has to.</param>
    public double Milliseconds(Way way, long[][] shapes, MemoryLayout layout)
    {
        var key = $"{Name(way.Operation)} {way.Kernel} {way.Sitting} {layout} {string.Join(' ', shapes.Select(shape => shape.Print()))} {type} {device} {get_num_threads()}";
        if (Known.TryGetValue(key, out var known)) return known;
        using var scope = NewDisposeScope();
        var operation = way.Make();
        using (operation as IDisposable) return Known[key] = Measure(operation, shapes, layout);
    }

    /// <summary>Frees the operands.</summary>
    public void Dispose() => numbers?.Dispose();

    private static string Name(Operation operation) => operation is PositionGroup group ? group.Description
        : operation.Layer is Convolution conv ? $"{operation.Name} {conv.out_channels} {conv.kernel_size.Print()} {conv.stride.Print()} {conv.padding?.Print()}{conv.padding_type} {conv.dilation.Print()} {conv.groups} {conv.bias is null}"
        : $"{operation.Name} {operation.Layer?.GetType().Name}";

    private double Measure(Operation operation, long[][] shapes, MemoryLayout layout)
    {
        var (taken, result) = (0L, operation.Shape(shapes));
        // As in a plan, where such results have their places.
        var isPlaced = operation is PlacedOperation;
        var mostBytes = bytesBefore + (type.ElementSize() * (Room(shapes.Sum(shape => shape.Elements()) + (isPlaced ? result.Elements() : 0)) + result.Elements()));
        var operands = Array.ConvertAll(shapes, shape => Next(shape, layout));
        var place = isPlaced ? Next(result, ((PlacedOperation)operation).LayoutOf(operands)) : null;
        Timed();
        var (best, all) = (double.PositiveInfinity, 0.0);
        for (var count = 0; count < Most && all < EnoughMilliseconds; count++)
        {
            var next = Timed();
            (best, all) = (Math.Min(best, next), all + next);
        }
        return best;

        long Room(long needed)
        {
            if (!(numbers?.numel() >= needed))
            {
                numbers?.Dispose();
                if (Allocator.KeepsFreedBlocks) Allocator.ReturnFreedBlocks();
                numbers = full([needed], 0.5, type, device).DetachFromDisposeScope();
            }
            return numbers.numel();
        }

        Tensor Next(long[] shape, MemoryLayout within)
        {
            var operand = (shape.Length > 2 ? within : MemoryLayout.Contiguous).View(numbers!, taken, shape);
            taken += shape.Elements();
            return operand;
        }

        double Timed()
        {
            using var meanwhile = NewDisposeScope();
            if (device.type is DeviceType.CUDA) cuda.synchronize(device);
            var start = Stopwatch.GetTimestamp();
            if (place is not null) ((PlacedOperation)operation).Run(operands, place);
            else if (operation.Run(operands) is var result && !result.IsIn(layout)) result.CopyIn(layout);
            if (device.type is DeviceType.CUDA) cuda.synchronize(device);
            var milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            meanwhile.Dispose();
            if (Allocator.KeepsFreedBlocks && Environment.WorkingSet > mostBytes) Allocator.ReturnFreedBlocks();
            return milliseconds;
        }
    }
}
