namespace UNetFamily.Scans;

/// <summary>Brings scans to one scale of brightness: scanners have no common unit. Training and segmentation must use the same.</summary>
public static class ScanIntensity
{
    /// <summary>
    /// Zero mean and unit variance over the foreground, which is what is brighter than the mean: in a head scan, tissue. What is not a number becomes 0 first.
    /// </summary>
    /// <param name="values">A number for each voxel; they stay as they are.</param>
    /// <returns>As many numbers, in the same order.</returns>
    /// <exception cref="InvalidDataException">All numbers are the same, or there are none.</exception>
    public static float[] Normalize(float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var known = Array.ConvertAll(values, value => float.IsFinite(value) ? value : 0);
        var threshold = known.DefaultIfEmpty().Average(value => (double)value);
        double count = 0, sum = 0, squares = 0;
        foreach (double value in known)
            if (value > threshold) (count, sum, squares) = (count + 1, sum + value, squares + value * value);
        if (count == 0) throw new InvalidDataException("the image has the same value everywhere.");

        var mean = sum / count;
        var deviation = Math.Sqrt(Math.Max(0, squares / count - mean * mean));
        // A foreground of one value (a mask) has no spread of its own; its distance from the background serves.
        var unit = deviation > 1e-6 * Math.Abs(mean) ? deviation : Math.Abs(mean - threshold);
        return Array.ConvertAll(known, value => (float)((value - mean) / unit));
    }
}
