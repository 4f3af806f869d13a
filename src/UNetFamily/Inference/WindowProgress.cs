namespace UNetFamily;

/// <summary>How far a <see cref="SlidingWindow"/> has come.</summary>
/// <param name="Done">Windows that went through the network, each mirrored view counted.</param>
/// <param name="Total">Windows of all images, each mirrored view counted.</param>
public readonly record struct WindowProgress(long Done, long Total);
