using System.Runtime.InteropServices;

namespace UNetFamily;

/// <summary>In which order the numbers of a map (N, C, …spatial) lie in memory.</summary>
public enum MemoryLayout
{
    /// <summary>Channel by channel, as PyTorch makes tensors.</summary>
    Contiguous,

    /// <summary>Position by position, the channels of each together; PyTorch's <c>channels_last</c> and <c>channels_last_3d</c>.</summary>
    ChannelsLast,
}

/// <summary>Tensors in either layout. Strides are named, because TorchSharp 0.107 has no memory formats.</summary>
internal static class MemoryLayouts
{
    /// <summary>A copy of a map, or of a convolution's weights.</summary>
    /// <param name="x">(N, C, …spatial).</param>
    /// <param name="layout">How the copy lies in memory.</param>
    public static Tensor CopyIn(this Tensor x, MemoryLayout layout) => layout.Empty(x.shape, x.dtype, x.device).copy_(x);

    /// <summary>A map as it is where it lies in a layout, and a copy where it doesn't, tied to the graph where one is recorded.</summary>
    public static Tensor InLayout(this Tensor x, MemoryLayout layout)
    {
        if (x.IsIn(layout)) return x;
        if (!is_grad_enabled() || !x.requires_grad) return new ChangeLayout(layout).Run([x]);
        using var scope = NewDisposeScope();
        return LayoutFunction.apply(layout, x).MoveToOuterDisposeScope();
    }

    /// <summary>A map in a layout, with numbers still to be written.</summary>
    public static Tensor Empty(this MemoryLayout layout, long[] shape, ScalarType type, Device device) =>
        layout is MemoryLayout.ChannelsLast ? empty_strided(shape, ChannelsLastStrides(shape), type, device) : empty(shape, type, device);

    /// <summary>A map in a layout that lies within a tensor of numbers.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="numbers">Numbers in a row.</param>
    /// <param name="start">Which is the map's first.</param>
    /// <param name="shape">The shape of the map.</param>
    public static Tensor View(this MemoryLayout layout, Tensor numbers, long start, long[] shape) =>
        layout is MemoryLayout.ChannelsLast ? numbers.as_strided(shape, ChannelsLastStrides(shape), start) : numbers.narrow(0, start, shape.Elements()).view(shape);

    /// <summary>The other layout.</summary>
    public static MemoryLayout Other(this MemoryLayout layout) => layout is MemoryLayout.ChannelsLast ? MemoryLayout.Contiguous : MemoryLayout.ChannelsLast;

    /// <summary>Whether a map lies in memory in a layout. Where there is one channel or one position, both are the same.</summary>
    public static bool IsIn(this Tensor x, MemoryLayout layout)
    {
        if (layout is MemoryLayout.Contiguous) return x.is_contiguous();
        var (shape, strides) = (x.shape, x.stride());
        var expected = ChannelsLastStrides(shape);
        for (var axis = 0; axis < shape.Length; axis++)
            if (shape[axis] > 1 && strides[axis] != expected[axis]) return false;
        return true;
    }

    /// <summary>Whether a map lies in memory with the channels last, and not in the order of its axes as well. Of one with one channel, the strides say so.</summary>
    public static bool IsLast(this Tensor x) => x.IsIn(MemoryLayout.ChannelsLast) && (!x.is_contiguous() || (x.shape[1] == 1 && x.stride(1) == 1 && x.shape.Positions() > 1));

    /// <summary>Whether this library's kernels for channels that lie last can work on a map: float32 on a CPU, channels in vectors of 16.</summary>
    public static bool IsForVectors(this Tensor x) => x.shape[1] % PanelProduct.Lanes == 0 && x is { dtype: ScalarType.Float32, device_type: DeviceType.CPU };

    /// <summary>Where the numbers of a map begin that is dense in either layout. They stay there as long as the tensor lives, which whoever uses the place must see to.</summary>
    public static unsafe nint Start(this Tensor x)
    {
        using var order = x.is_contiguous() ? x.alias() : x.movedim([1], [-1]);
        fixed (byte* numbers = order.bytes) return (nint)numbers;
    }

    /// <summary>The numbers of a small float32 tensor in the order of its axes.</summary>
    public static float[] Numbers(this Tensor x)
    {
        using var dense = x.contiguous();
        return MemoryMarshal.Cast<byte, float>(dense.bytes).ToArray();
    }

    private static long[] ChannelsLastStrides(long[] shape)
    {
        var strides = new long[shape.Length];
        strides[1] = 1;
        var step = shape[1];
        for (var axis = shape.Length - 1; axis >= 2; axis--)
        {
            strides[axis] = step;
            step *= shape[axis];
        }
        strides[0] = step;
        return strides;
    }
}
