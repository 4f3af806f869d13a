namespace UNetFamily;

/// <summary>Makes plans for predictions.</summary>
public static class InferencePlanning
{
    /// <summary>
    /// A plan of a network for one image or volume at a time. Making it takes about as long as eight predictions, so it pays when more follow; <see cref="SlidingWindow"/> makes one by itself where there are
    /// enough windows.
    /// </summary>
    /// <param name="model">The network.</param>
    /// <param name="size">The spatial size of the input: (H, W) or (D, H, W).</param>
    /// <returns>The plan; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The network doesn't take this size.</exception>
    /// <exception cref="NotSupportedException">A module inside is not known; the message names it, its path, and what to derive it from.</exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public static InferencePlan ForInference(this SegmentationModel model, params ReadOnlySpan<long> size) => ForInference(model, size, batch: 1);

    /// <summary>A plan of a network for batches.</summary>
    /// <param name="model">The network.</param>
    /// <param name="size">The spatial size of the input: (H, W) or (D, H, W).</param>
    /// <param name="batch">How many images or volumes go in at once, at least 1.</param>
    /// <returns>The plan; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The network doesn't take this size.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batch"/> is not positive.</exception>
    /// <exception cref="NotSupportedException">A module inside is not known; the message names it, its path, and what to derive it from.</exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public static InferencePlan ForInference(this SegmentationModel model, ReadOnlySpan<long> size, long batch)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        return InferencePlan.Of(model, [batch, model.Options.InChannels, .. size]);
    }
}
