namespace UNetFamily;

/// <summary>How UNeXt's code draws the weights around its tokens.</summary>
internal static class TokenWeights
{
    /// <summary>Normal with a variance of two over the fan-out.</summary>
    public static void FillByFanOut(Convolution conv)
    {
        using var noGradient = no_grad();
        var taps = conv.kernel_size.Aggregate(1L, (product, side) => product * side);
        init.normal_(conv.weight!, 0, Math.Sqrt(2.0 * conv.groups / (taps * conv.out_channels)));
    }

    public static void ClearBiases(params ReadOnlySpan<Convolution> convolutions)
    {
        using var noGradient = no_grad();
        foreach (var conv in convolutions) init.zeros_(conv.bias!);
    }
}
