namespace UNetFamily;

/// <summary>
/// Convolutions that oneDNN computes wrongly on some machines, or in which it ends the process there, when the channels of a map lie last in memory; see README.md beside this file. Contiguous maps are computed by other kernels.
/// </summary>
internal static class ChannelsLastConvolutions
{
    // The pairs of channels for which pointwise convolutions divide whole numbers where they divide fractions for all others. A gradient is a convolution from the outputs to the inputs.
    private static readonly (long, long)[] DividedPairs = [(256, 1024), (512, 1024), (512, 2048), (1024, 512), (1024, 2048)];

    /// <summary>Whether this may be such a call.</summary>
    /// <param name="conv">The convolution.</param>
    /// <param name="x">Its input.</param>
    public static bool Affects(Convolution conv, Tensor x) => x.device_type is DeviceType.CPU && !x.is_contiguous() && (IsDivided(conv) || IsDepthwiseTransposed(conv));

    /// <summary>Computes the convolution of a contiguous copy.</summary>
    /// <param name="x">The input.</param>
    /// <param name="convolve">The convolution.</param>
    /// <returns>Its output, with the channels last where those of the input are.</returns>
    public static Tensor OfContiguous(Tensor x, Func<Tensor, Tensor> convolve)
    {
        using var scope = NewDisposeScope();
        var output = convolve(x.InLayout(MemoryLayout.Contiguous));
        return (x.IsIn(MemoryLayout.ChannelsLast) ? output.InLayout(MemoryLayout.ChannelsLast) : output).MoveToOuterDisposeScope();
    }

    private static bool IsDivided(Convolution conv) =>
        (DividedPairs.Contains((conv.in_channels, conv.out_channels)) || DividedPairs.Contains((conv.out_channels, conv.in_channels)))
        && conv.groups == 1 && Array.TrueForAll(conv.kernel_size, side => side == 1);

    private static bool IsDepthwiseTransposed(Convolution conv) => conv.transposed && conv.kernel_size.Length == 3 && conv.groups > 1 && conv.groups == conv.in_channels;
}
