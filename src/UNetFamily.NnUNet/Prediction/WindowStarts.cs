namespace UNetFamily.NnUNet;

/// <summary>Where nnU-Net lays windows: as few as keep their distance below the step, at equal distances, rounded half to even.</summary>
internal static class WindowStarts
{
    /// <summary>The places of one axis where windows start.</summary>
    /// <param name="side">The side of the image.</param>
    /// <param name="window">The side of a window. Where it is larger than the image, the one window begins before the image, by the smaller half of what it is larger.</param>
    /// <param name="step">The largest distance of two windows as a share of the window, above 0 up to 1.</param>
    public static long[] Along(long side, long window, double step)
    {
        if (side <= window) return [-((window - side) / 2)];
        var count = checked((int)Math.Ceiling((side - window) / (window * step))) + 1;
        var distance = (double)(side - window) / (count - 1);
        return [.. Enumerable.Range(0, count).Select(index => (long)Math.Round(distance * index, MidpointRounding.ToEven))];
    }
}
