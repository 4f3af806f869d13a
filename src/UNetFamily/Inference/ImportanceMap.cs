namespace UNetFamily;

/// <summary>How much each place of a window counts.</summary>
internal static class ImportanceMap
{
    /// <summary>What the smallest weight is at least, so that sums of weights can be divided by.</summary>
    private const double Smallest = 1e-3;

    /// <summary>
    /// MONAI's map (<c>compute_importance_map</c>): the product of a Gaussian for each axis, 1 in the window's centre, which lies between two places where the side is even, and nowhere below 0.001.
    /// </summary>
    /// <param name="window">The sides of the window.</param>
    /// <param name="sigmaScale">The standard deviation as a share of the side: one for each axis, or one for all.</param>
    /// <param name="type">The type of the numbers.</param>
    /// <param name="device">Where the map is to be.</param>
    /// <returns>(…window).</returns>
    public static Tensor Gaussian(long[] window, ValueList<double> sigmaScale, ScalarType type, Device device)
    {
        using var numbers = tensor(Gaussian(window, sigmaScale), window, ScalarType.Float64);
        return numbers.to(type, device);
    }

    /// <summary>The same in plain memory, in row-major order.</summary>
    /// <param name="window">The sides of the window.</param>
    /// <param name="sigmaScale">The standard deviation as a share of the side: one for each axis, or one for all.</param>
    public static double[] Gaussian(long[] window, ValueList<double> sigmaScale)
    {
        double[] map = [1];
        for (var axis = 0; axis < window.Length; axis++)
        {
            var sigma = window[axis] * sigmaScale[sigmaScale.Count == 1 ? 0 : axis];
            var centre = (window[axis] - 1) / 2.0;
            double[] along = [.. Enumerable.Range(0, checked((int)window[axis])).Select(place => Math.Exp((place - centre) * (place - centre) / (-2 * sigma * sigma)))];
            map = [.. map.SelectMany(before => along.Select(here => before * here))];
        }
        return Array.ConvertAll(map, weight => Math.Max(weight, Smallest));
    }
}
