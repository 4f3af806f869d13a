namespace UNetFamily;

/// <summary>
/// Pointwise convolutions that end the process on some processors when the channels lie last in memory; see README.md beside this file. With contiguous maps they are computed by another kernel.
/// </summary>
internal static class PointwiseConvolutions
{
    // The pairs of channels for which oneDNN divides whole numbers where it divides fractions for all others. A gradient is a convolution from the outputs to the inputs.
    private static readonly (long, long)[] Pairs = [(256, 1024), (512, 1024), (512, 2048), (1024, 512), (1024, 2048)];

    /// <summary>Whether this may be such a call.</summary>
    /// <param name="conv">The convolution.</param>
    /// <param name="x">Its input.</param>
    public static bool Affects(Convolution conv, Tensor x) =>
        (Pairs.Contains((conv.in_channels, conv.out_channels)) || Pairs.Contains((conv.out_channels, conv.in_channels)))
        && conv.groups == 1 && Array.TrueForAll(conv.kernel_size, side => side == 1) && x.device_type is DeviceType.CPU && !x.is_contiguous();

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
}
