namespace UNetFamily.Imaging;

/// <summary>Writes files under another name and renames them at the end, so that no half file is taken for a whole one and an older one is there until then.</summary>
internal static class NewFile
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="write">Writes its content.</param>
    public static void Write(string path, Action<Stream> write)
    {
        var partial = Partial(path);
        try
        {
            using (var file = File.Create(partial)) write(file);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>Throws now what writing would throw after all the work: the folder isn't there or can't be written to.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public static void RequireWritable(string path)
    {
        if (Directory.Exists(path)) throw new IOException($"{path} is a folder, not a file to write.");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder)) throw new IOException($"{path} can't be written: there is no folder {folder}.");
        if (File.Exists(path)) File.OpenWrite(path).Dispose();
        File.Create(Partial(path)).Dispose();
        File.Delete(Partial(path));
    }

    private static string Partial(string path) => path + ".partial";
}
