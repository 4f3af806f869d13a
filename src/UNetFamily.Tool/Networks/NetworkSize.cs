namespace UNetFamily.Tool;

/// <summary>The size of an image, as the command line gives it.</summary>
internal static class NetworkSize
{
    public const long Most = 1 << 16;

    public static Option<long[]?> Option(string description)
    {
        var option = Values.Sides("--size", description, 1, Most);
        option.Required = true;
        option.HelpName = "N[,N[,N]]";
        return option;
    }

    /// <summary>One side for each axis of a network; a single number is that of all.</summary>
    public static long[] Of(SegmentationModel model, long[] size)
    {
        var axes = (int)model.Options.SpatialDims;
        return size is [var all] ? [.. Enumerable.Repeat(all, axes)] : size.Length == axes ? size
            : throw new UsageException($"--size needs {axes} sides, or one for all, for {model.GetName()}, not {string.Join(",", size)}.");
    }
}
