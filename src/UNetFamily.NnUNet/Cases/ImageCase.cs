using System.Globalization;

namespace UNetFamily.NnUNet;

/// <summary>The files of an image in nnU-Net's naming: <c>CASE_0000.nii.gz</c>, <c>CASE_0001.nii.gz</c> …, in the order of channels. A file of colours holds several channels.</summary>
/// <param name="Name">The case's name, and that of its result.</param>
/// <param name="Files">The files, in order.</param>
public sealed record ImageCase(string Name, ValueList<string> Files)
{
    private const int NumberLength = 5;             // _0000
    private const int MostNamed = 10;

    /// <summary>The cases of a folder, by name.</summary>
    /// <param name="folder">The folder; those below it aren't looked into.</param>
    /// <param name="dataset">Says how files end, and which channels there are.</param>
    /// <exception cref="ModelFolderException">There are none, or channels are missing; the message names them.</exception>
    public static IReadOnlyList<ImageCase> In(string folder, DatasetFile dataset)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(dataset);
        if (!Directory.Exists(folder)) throw new ModelFolderException(folder, "There is no such folder of images.");
        string[] files = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Where(file => file.EndsWith(dataset.FileEnding, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        ImageCase[] cases = [.. files.GroupBy(file => NameOf(file, dataset.FileEnding)).Where(group => group.Key is not null)
            .Select(group => new ImageCase(group.Key!, [.. group.Select(file => Path.Combine(folder, file))])).OrderBy(image => image.Name, StringComparer.Ordinal)];
        if (cases.Length == 0)
            throw new ModelFolderException(folder, $"There are no images in it: no file is called CASE_0000{dataset.FileEnding}.{(files.Length > 0 ? $" Nearest: {files[0]}, whose name lacks the number of the channel." : "")}");
        string[] missing = [.. cases.SelectMany(image => image.Missing(dataset))];
        return missing.Length == 0 ? cases
            : throw new ModelFolderException(folder, $"Channels are missing ({string.Join(", ", dataset.Channels)}): {string.Join(", ", missing.Take(MostNamed))}{(missing.Length > MostNamed ? $" and {missing.Length - MostNamed} more" : "")}.");
    }

    /// <summary>The case of a file.</summary>
    /// <param name="file">The file of a channel, beside those of the others; of an image in one file, whatever it is called.</param>
    /// <param name="dataset">Says how files end, and which channels there are.</param>
    /// <exception cref="ModelFolderException">It is missing, or another channel is, or its name doesn't end as the model's images do.</exception>
    public static ImageCase Of(string file, DatasetFile dataset)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        ArgumentNullException.ThrowIfNull(dataset);
        if (!File.Exists(file)) throw new ModelFolderException(file, "There is no such image.");
        if (!file.EndsWith(dataset.FileEnding, StringComparison.Ordinal)) throw new ModelFolderException(file, $"The model is for images whose names end with {dataset.FileEnding}.");
        if (NameOf(Path.GetFileName(file), dataset.FileEnding) is not { } name) return new ImageCase(Path.GetFileName(file)[..^dataset.FileEnding.Length], [file]);
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var image = new ImageCase(name, [.. Directory.EnumerateFiles(folder, "*" + dataset.FileEnding).Where(other => NameOf(Path.GetFileName(other), dataset.FileEnding) == name).Order(StringComparer.Ordinal)]);
        return image.Missing(dataset).FirstOrDefault() is not { } missing ? image : throw new ModelFolderException(Path.Combine(folder, missing), $"The channel is missing; the model takes {string.Join(", ", dataset.Channels)}.");
    }

    /// <summary>The name of a file without the number of its channel; null when it has none.</summary>
    private static string? NameOf(string file, string ending)
    {
        if (file.Length <= ending.Length + NumberLength) return null;
        var stem = file[..^ending.Length];
        return stem[^NumberLength] == '_' && stem.AsSpan(stem.Length - NumberLength + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? stem[..^NumberLength] : null;
    }

    /// <summary>The files that there should be. One file alone may hold all channels, which is known when it is read.</summary>
    private IEnumerable<string> Missing(DatasetFile dataset)
    {
        var there = Files.Select(file => Path.GetFileName(file)).ToHashSet();
        return Enumerable.Range(0, Files.Count == 1 ? 1 : Math.Max(Files.Count, dataset.Channels.Count)).Select(channel => string.Create(CultureInfo.InvariantCulture, $"{Name}_{channel:0000}{dataset.FileEnding}")).Where(file => !there.Contains(file));
    }
}
