namespace UNetFamily.NnUNet;

/// <summary>The folders of folds in a model folder, and their checkpoints.</summary>
internal static class FoldFolders
{
    private const string Prefix = "fold_";
    private const string All = "all";

    /// <summary>The folds that hold a checkpoint of a name, in the order of their folders' names: <c>all</c> among them.</summary>
    public static IReadOnlyList<string> In(string folder, string checkpoint) =>
        [.. Directory.EnumerateDirectories(folder, Prefix + "*").Select(path => Path.GetFileName(path)[Prefix.Length..]).Where(fold => File.Exists(FileOf(folder, fold, checkpoint))).Order(StringComparer.Ordinal)];

    /// <summary>The folds to use: those that were asked for, or all but <c>all</c>.</summary>
    /// <exception cref="ModelFolderException">There are none, or one that was asked for is missing.</exception>
    public static IReadOnlyList<string> Choose(string folder, IReadOnlyCollection<string>? asked, string checkpoint)
    {
        var found = In(folder, checkpoint);
        if (asked is { Count: > 0 })
        {
            foreach (var fold in asked)
                if (!found.Contains(fold)) throw new ModelFolderException(folder, $"There is no {Prefix}{fold}/{checkpoint}. {Known(found)}");
            return [.. asked.Distinct()];
        }
        IReadOnlyList<string> folds = [.. found.Where(fold => fold != All)];
        if (folds.Count > 0) return folds;
        throw new ModelFolderException(folder, found.Count > 0 ? $"Its only fold with a {checkpoint} is '{All}', which is used where it is asked for."
            : $"There is no {Prefix}0/{checkpoint}, or that of another fold. {Others(folder)}");

        string Known(IReadOnlyList<string> folds) => folds.Count > 0 ? $"There are the folds {string.Join(", ", folds)}." : $"No fold has a {checkpoint}. {Others(folder)}";
    }

    public static string FileOf(string folder, string fold, string checkpoint) => Path.Combine(folder, Prefix + fold, checkpoint);

    private static string Others(string folder)
    {
        string[] files = [.. Directory.EnumerateDirectories(folder, Prefix + "*").SelectMany(fold => Directory.EnumerateFiles(fold, "*.pth").Select(file => Path.GetRelativePath(folder, file))).Order(StringComparer.Ordinal).Take(5)];
        return files.Length > 0 ? $"There are: {string.Join(", ", files)}." : "The folder of a model holds fold_0 or more with the checkpoint of each.";
    }
}
