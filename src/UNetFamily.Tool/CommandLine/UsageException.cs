namespace UNetFamily.Tool;

/// <summary>The command line is wrong; the message says what was found, what is allowed, and what is nearest.</summary>
internal sealed class UsageException(string message) : Exception(message);
