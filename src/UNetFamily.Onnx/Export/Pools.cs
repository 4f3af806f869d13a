using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>Pooling layers.</summary>
internal static class Pools
{
    public static string Max(Step step, nn.Module? pool) => pool switch
    {
        Modules.MaxPool2d p => Add(step, "MaxPool", p.kernel_size, p.stride, p.padding, p.ceil_mode, ("dilations", All(step, p.dilation, 1))),
        Modules.MaxPool3d p => Add(step, "MaxPool", p.kernel_size, p.stride, p.padding, p.ceil_mode, ("dilations", All(step, p.dilation, 1))),
        _ => throw step.Refuse($"{pool?.GetType().Name} can't be written in ONNX."),
    };

    public static string Average(Step step, nn.Module? pool) => pool switch
    {
        Modules.AvgPool2d { divisor_override: null } p => Add(step, "AveragePool", p.kernel_size, p.stride, p.padding, p.ceil_mode, ("count_include_pad", p.count_include_pad ? 1L : 0)),
        Modules.AvgPool3d { divisor_override: null } p => Add(step, "AveragePool", p.kernel_size, p.stride, p.padding, p.ceil_mode, ("count_include_pad", p.count_include_pad ? 1L : 0)),
        _ => throw step.Refuse($"{pool?.GetType().Name} with a divisor of its own can't be written in ONNX."),
    };

    /// <summary>A single part is a reduction, whatever the size. Several are windows, where all are equal; that depends on the size.</summary>
    public static string Adaptive(Step step, AdaptivePool pool)
    {
        if (pool.Sides.All(side => side == 1)) return step.Add(pool.IsMax ? "GlobalMaxPool" : "GlobalAveragePool", step.Operands);
        long[] sides = step.Shapes[0][2..], kernel = [.. sides.Zip(pool.Sides, (side, parts) => side / parts)];
        if (sides.Zip(pool.Sides, (side, parts) => side % parts).Any(rest => rest != 0))
            throw step.Refuse($"{pool.Name} makes {string.Join(" x ", pool.Sides)} parts of {string.Join(" x ", sides)}, which overlap. ONNX has no such pooling; export it for a size that is a multiple.");
        return step.Add(pool.IsMax ? "MaxPool" : "AveragePool", step.Operands, ("kernel_shape", kernel), ("strides", kernel));
    }

    private static string Add(Step step, string operation, long[] kernel, long[]? stride, long[]? padding, bool ceil, (string, object) own)
    {
        var (sides, pads) = (All(step, kernel, 1), All(step, padding, 0));
        return step.Add(operation, step.Operands, ("kernel_shape", sides), ("strides", stride is { Length: > 0 } ? All(step, stride, 1) : sides), ("pads", (long[])[.. pads, .. pads]), ("ceil_mode", ceil ? 1L : 0), own);
    }

    /// <summary>A number for each axis, where one may stand for all.</summary>
    private static long[] All(Step step, long[]? values, long otherwise) =>
        [.. Enumerable.Range(0, step.SpatialAxes).Select(axis => values is { Length: > 0 } ? values[Math.Min(axis, values.Length - 1)] : otherwise)];
}
