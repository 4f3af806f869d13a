namespace UNetFamily;

/// <summary>Normal random numbers within limits; <c>init.trunc_normal_</c> of TorchSharp gives constants and NaN, see README.md beside this file.</summary>
internal static class TruncatedNormal
{
    /// <summary>
    /// Fills a tensor as PyTorch's <c>trunc_normal_</c> does with a mean of 0 and limits of ±2, draw by draw, but for one number in 17 million: its uniform draw may be exactly -1, which becomes
    /// minus infinity and is cut to -2. With the deviation of a weight that is a hundred deviations, and a network of 40 million weights has one every few times. All other numbers are below
    /// 6 deviations.
    /// </summary>
    /// <param name="weight">Float32 or float64.</param>
    /// <param name="deviation">The standard deviation, at most a third, so that the limits don't count.</param>
    public static void Fill(Tensor weight, double deviation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(deviation, 1.0 / 3);
        using var noGradient = no_grad();
        weight.uniform_(-1, 1).erfinv_().mul_(deviation * Math.Sqrt(2)).clamp_(-6 * deviation, 6 * deviation);
    }
}
