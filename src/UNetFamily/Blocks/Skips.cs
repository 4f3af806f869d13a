namespace UNetFamily;

/// <summary>What the blocks on skip connections ask for.</summary>
internal static class Skips
{
    /// <summary>Throws when the signal of a gate has another size than the skip.</summary>
    /// <exception cref="ArgumentException">The sizes differ; the message has both, and says how to bring them together.</exception>
    public static void RequireSize(FeatureMap signal, FeatureMap skip)
    {
        if (!signal.Axes.AsSpan(2).SequenceEqual(skip.Axes.AsSpan(2)))
            throw new ArgumentException($"The signal must have the spatial size of the skip, ({string.Join(", ", skip.Axes[2..])}), and has ({string.Join(", ", signal.Axes[2..])}). "
                + $"Bring it there with {nameof(Resampling)}.{nameof(Resampling.Resize)}, in a flow with {nameof(FeatureMap.FitTo)}.", nameof(signal));
    }
}
