using System.Collections.Concurrent;
using System.Diagnostics;

namespace UNetFamily;

/// <summary>How long operations take here, each measured once per process, alone and on maps of random numbers.</summary>
internal sealed class OperationTimer(ScalarType type, Device device)
{
    private const int Repetitions = 3;
    private const double LongMilliseconds = 50;

    private static readonly ConcurrentDictionary<string, double> Known = new();

    /// <summary>The milliseconds of a way to compute an operation; the best of a few, after one that doesn't count.</summary>
    /// <param name="way">The way.</param>
    /// <param name="shapes">The shapes of its operands; learned tensors among them are the operation's own business.</param>
    /// <param name="layout">How the operands lie in memory, and how the result has to.</param>
    public double Milliseconds(Way way, long[][] shapes, MemoryLayout layout)
    {
        var key = $"{Name(way.Operation)} {way.Kernel} {layout} {string.Join(' ', shapes.Select(shape => shape.Print()))} {type} {device} {get_num_threads()}";
        if (Known.TryGetValue(key, out var known)) return known;
        using var scope = NewDisposeScope();
        var operation = way.Make();
        using (operation as IDisposable) return Known[key] = Measure(operation, shapes, layout);
    }

    private static string Name(Operation operation) => operation.Layer is Convolution conv
        ? $"{operation.Name} {conv.out_channels} {conv.kernel_size.Print()} {conv.stride.Print()} {conv.padding?.Print()}{conv.padding_type} {conv.dilation.Print()} {conv.groups} {conv.bias is null}"
        : $"{operation.Name} {operation.Layer?.GetType().Name}";

    private double Measure(Operation operation, long[][] shapes, MemoryLayout layout)
    {
        var operands = Array.ConvertAll(shapes, shape => shape.Length > 2 ? rand(shape, type, device).CopyIn(layout) : rand(shape, type, device));
        Timed();
        var best = Timed();
        for (var i = 1; i < Repetitions && best < LongMilliseconds; i++) best = Math.Min(best, Timed());
        return best;

        double Timed()
        {
            using var meanwhile = NewDisposeScope();
            if (device.type is DeviceType.CUDA) cuda.synchronize(device);
            var start = Stopwatch.GetTimestamp();
            var result = operation.Run(operands);
            if (!result.IsIn(layout)) result.CopyIn(layout);
            if (device.type is DeviceType.CUDA) cuda.synchronize(device);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }
}
