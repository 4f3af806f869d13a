namespace UNetFamily;

/// <summary>A module inside a network runs, but nothing is known of what it computes.</summary>
/// <param name="message">Names the module, its path, and what to derive it from.</param>
internal sealed class NotDescribedException(string message) : NotSupportedException(message);
