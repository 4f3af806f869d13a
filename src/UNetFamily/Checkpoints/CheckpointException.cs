namespace UNetFamily;

/// <summary>
/// A checkpoint can't be read, or doesn't fit the network. It is the only exception that the content of a file can cause; what the file system
/// says (no such file, no permission) stays what it is.
/// </summary>
public class CheckpointException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="file">The file's name.</param>
    /// <param name="position">The byte at which the problem was found; null when it belongs to no place in the file.</param>
    /// <param name="reason">What is wrong, as a sentence.</param>
    /// <param name="inner">What caused it, if anything did.</param>
    public CheckpointException(string file, long? position, string reason, Exception? inner = null)
        : base(position is null ? $"{file}: {reason}" : $"{file}, byte {position}: {reason}", inner) => (FileName, Position, Reason) = (file, position, reason);

    /// <summary>The file.</summary>
    public string FileName { get; }

    /// <summary>The byte, counted from 0, at which the problem was found; null when it belongs to no place in the file.</summary>
    public long? Position { get; }

    /// <summary>What is wrong.</summary>
    public string Reason { get; }
}
