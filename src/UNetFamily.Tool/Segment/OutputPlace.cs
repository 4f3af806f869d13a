using UNetFamily.Imaging;

namespace UNetFamily.Tool;

/// <summary>Where label maps go.</summary>
/// <param name="Path">A file or a folder.</param>
/// <param name="IsFile">Whether it is a file, for one image.</param>
internal sealed record OutputPlace(string Path, bool IsFile)
{
    /// <summary>Tells a file from a folder: of an image, a name with an end is a file, unless there is a folder of that name.</summary>
    /// <exception cref="UsageException">It doesn't fit the input.</exception>
    /// <exception cref="IOException">A file can't be written there.</exception>
    /// <exception cref="NotSupportedException">No format is known whose names end like that.</exception>
    public static OutputPlace Of(SegmentRequest request)
    {
        var output = request.Output;
        if (output.Length == 0) throw new UsageException("--output needs the name of a file or folder.");
        var isFolder = Directory.Exists(output) || System.IO.Path.EndsInDirectorySeparator(output) || !System.IO.Path.HasExtension(output);
        if (Directory.Exists(request.Input))
        {
            if (File.Exists(output)) throw new UsageException($"--output needs a folder for the images of a folder, and '{output}' is a file.");
            if (Array.Exists([.. ImageFile.Endings], ending => output.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) && !isFolder) throw new UsageException($"--output needs a folder for the images of a folder, and '{output}' is the name of a file.");
            return new OutputPlace(output, IsFile: false);
        }
        if (isFolder) return File.Exists(output) ? throw new UsageException($"--output needs a name that ends as images do, such as .nii.gz, or a folder; '{output}' is a file.") : new OutputPlace(output, IsFile: false);
        ImageFile.RequireWritable(output);
        foreach (var (name, other) in request.Models.Select(model => ("--model", model)).Prepend(("--input", request.Input)))
            if (System.IO.Path.GetFullPath(other) == System.IO.Path.GetFullPath(output)) throw new UsageException($"--output is the file of {name}, which it would replace.");
        return new OutputPlace(output, IsFile: true);
    }

    /// <summary>The file of a case.</summary>
    /// <param name="name">The case.</param>
    /// <param name="ending">How the names of such label maps end.</param>
    public string FileOf(string name, string ending) => IsFile ? Path : System.IO.Path.Combine(Path, name + ending);
}
