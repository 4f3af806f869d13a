namespace UNetFamily;

/// <summary>Maxima over equal parts of volumes. TorchSharp's <c>adaptive_max_pool3d</c> calls the native function of one axis, and its layer forgets the size.</summary>
internal static class VolumeMaxima
{
    /// <summary>First the maxima over the last two axes, then of those along the depth.</summary>
    /// <param name="x">(N, C, D, H, W).</param>
    /// <param name="sides">The new sides.</param>
    /// <returns>(N, C, …sides).</returns>
    public static Tensor AdaptivePool(Tensor x, long[] sides)
    {
        using var scope = NewDisposeScope();
        var (batch, channels, depth) = (x.shape[0], x.shape[1], x.shape[2]);
        var ofSlices = functional.adaptive_max_pool2d(x.reshape(batch, channels * depth, x.shape[3], x.shape[4]), sides[1..]);
        return functional.adaptive_max_pool2d(ofSlices.reshape(batch, channels, depth, sides[1] * sides[2]), [sides[0], sides[1] * sides[2]])
            .reshape(batch, channels, sides[0], sides[1], sides[2]).MoveToOuterDisposeScope();
    }
}
