namespace UNetFamily.NnUNet;

/// <summary>How much each place of a window counts in nnU-Net (versions 2.2.1 and later).</summary>
internal static class ImportanceMaps
{
    private const double SigmaShare = 1.0 / 8;
    private const double Truncation = 4;
    private const double Peak = 10;

    /// <summary>
    /// A blurred impulse: the product of a Gaussian for each axis around place <c>side / 2</c>, cut off after four standard deviations of an eighth of the side, 10 at its peak. The numbers are those of half
    /// precision; what is 0 there gets the smallest number of the map that isn't.
    /// </summary>
    /// <param name="window">The sides of a window.</param>
    /// <returns>(…window), float16 on the CPU.</returns>
    public static Tensor Gaussian(ReadOnlySpan<long> window)
    {
        using var scope = NewDisposeScope();
        var map = ones(1, ScalarType.Float64);
        foreach (var side in window) map = map.unsqueeze(-1) * tensor(Along(side));
        map = map.squeeze(0);
        var half = map.div(map.max().ToDouble() / Peak).to(ScalarType.Float32).to(ScalarType.Float16);
        var smallest = half.masked_select(half.gt(0)).to(ScalarType.Float32).min().to(ScalarType.Float16);
        return where(half.eq(0), smallest, half).MoveToOuterDisposeScope();
    }

    private static double[] Along(long side)
    {
        var (sigma, centre) = (side * SigmaShare, side / 2);
        var radius = (long)(Truncation * sigma + 0.5);
        double[] kernel = [.. Enumerable.Range(0, checked((int)(2 * radius + 1))).Select(place => Math.Exp(-0.5 / (sigma * sigma) * ((place - radius) * (double)(place - radius))))];
        var sum = kernel.Sum();
        var line = new double[side];
        for (var place = Math.Max(0, centre - radius); place <= Math.Min(side - 1, centre + radius); place++) line[place] = kernel[place - centre + radius] / sum;
        return line;
    }
}
