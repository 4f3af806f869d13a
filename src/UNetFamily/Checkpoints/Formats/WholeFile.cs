namespace UNetFamily;

/// <summary>Files that appear whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>
    /// Writes to a file beside <paramref name="path"/> and gives it the name at the end, so that the name stands for a whole file at any time. A link goes on leading to the file that it led to, and a file that is
    /// replaced keeps its permissions.
    /// </summary>
    /// <param name="path">The file; one of that name is replaced.</param>
    /// <param name="write">Writes what is in it.</param>
    /// <exception cref="DirectoryNotFoundException">The folder isn't there.</exception>
    /// <exception cref="IOException">The name is a folder's, or the file can't be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Target(path);
        var temporary = $"{full}.{Guid.NewGuid():n}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            if (!OperatingSystem.IsWindows() && File.Exists(full)) File.SetUnixFileMode(temporary, File.GetUnixFileMode(full));
            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The file that a name leads to, where one can be written.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder isn't there.</exception>
    /// <exception cref="IOException">The name is a folder's.</exception>
    public static string Target(string path)
    {
        var full = Path.GetFullPath(path);
        if (new FileInfo(full).LinkTarget is not null) full = File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
        var folder = Path.GetDirectoryName(full)!;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"'{path}' can't be written: there is no folder '{folder}'.");
        if (Directory.Exists(full)) throw new IOException($"'{path}' can't be written: it is a folder.");
        return full;
    }
}
