using Microsoft.Win32.SafeHandles;

namespace UNetFamily;

/// <summary>
/// The bytes of a checkpoint, read at a position. Files are read, not mapped: a mapped file that somebody shortens takes the process down.
/// </summary>
internal abstract class ByteSource(string name) : IDisposable
{
    /// <summary>The name for messages.</summary>
    public string Name { get; } = name;

    public abstract long Length { get; }

    /// <summary>Fills <paramref name="into"/> with the bytes from <paramref name="position"/> on.</summary>
    /// <exception cref="CheckpointException">The file ends before.</exception>
    public void Read(long position, Span<byte> into)
    {
        if (position < 0 || position > Length - into.Length) throw Fail(position, $"{into.Length} bytes are needed here, and the file has {Length}.");
        ReadInside(position, into);
    }

    public CheckpointException Fail(long? position, string reason, Exception? inner = null) => new(Name, position, reason, inner);

    protected abstract void ReadInside(long position, Span<byte> into);

    public virtual void Dispose()
    {
    }
}

/// <summary>A file.</summary>
internal sealed class FileSource : ByteSource
{
    private readonly SafeFileHandle handle;

    public FileSource(string path) : base(path)
    {
        handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        try
        {
            Length = RandomAccess.GetLength(handle);
        }
        catch (NotSupportedException e)
        {
            handle.Dispose();
            throw Fail(null, "It is a pipe or a device; a checkpoint is read at several places, so copy it to a file.", e);
        }
    }

    public override long Length { get; }

    protected override void ReadInside(long position, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var count = RandomAccess.Read(handle, into, position);
            if (count == 0) throw Fail(position, $"The file had {Length} bytes when it was opened, and ends here now.");
            position += count;
            into = into[count..];
        }
    }

    public override void Dispose()
    {
        handle.Dispose();
        base.Dispose();
    }
}

/// <summary>Bytes in memory.</summary>
internal sealed class MemorySource(string name, ReadOnlyMemory<byte> bytes) : ByteSource(name)
{
    public override long Length => bytes.Length;

    protected override void ReadInside(long position, Span<byte> into) => bytes.Span.Slice((int)position, into.Length).CopyTo(into);
}
