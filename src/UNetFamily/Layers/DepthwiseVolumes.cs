namespace UNetFamily;

/// <summary>
/// Depthwise convolutions of volumes, on a CPU with the channels last in memory: libtorch 2.10 has a kernel of its own for that, and none for the usual order, whose gradients take
/// many times as long. The same products in another order, so results are equal to rounding.
/// </summary>
internal static class DepthwiseVolumes
{
    /// <summary>Calls a convolution, with channels last where that is faster.</summary>
    /// <param name="conv">Any convolution.</param>
    /// <param name="x">Its input.</param>
    /// <returns>Its output, in the usual order.</returns>
    public static Tensor Call(Convolution conv, Tensor x)
    {
        if (!Pays(conv, x)) return conv.call(x);
        using var channelsLast = x.CopyIn(MemoryLayout.ChannelsLast);
        using var output = conv.call(channelsLast);
        return output.contiguous();
    }

    /// <summary>Whether a convolution of float32 runs on a copy of its input.</summary>
    public static bool Copies(Convolution conv) => conv.weight!.device_type is DeviceType.CPU && IsDepthwise(conv);

    private static bool Pays(Convolution conv, Tensor x) => x.dim() == 5 && x.device_type is DeviceType.CPU && x.dtype is ScalarType.Float32 && IsDepthwise(conv);

    // Measured on two cores: not for other types, strides and directions.
    private static bool IsDepthwise(Convolution conv) => conv is Conv3d
        && conv.groups > 1 && conv.groups == conv.in_channels && conv.groups == conv.out_channels && conv.stride.All(step => step == 1);
}
