namespace CheckpointTool;

/// <summary>A network that a command works with.</summary>
/// <param name="Name">A name of the catalogue, or a file that knows its network.</param>
/// <param name="InChannels">Channels of its input; null for those of the catalogue.</param>
/// <param name="OutChannels">Its classes; null for those of the catalogue.</param>
internal sealed record Target(string Name, long? InChannels, long? OutChannels)
{
    public SegmentationModel Build()
    {
        if (!Networks.IsName(Name) && File.Exists(Name)) return SegmentationModel.FromFile(Name);
        var options = ModelCatalog.Find(Name).Options;
        return (options with { InChannels = InChannels ?? options.InChannels, OutChannels = OutChannels ?? options.OutChannels }).Build();
    }
}

internal static class Networks
{
    public static bool IsName(string name) => ModelCatalog.Variants.Any(variant => string.Equals(variant.Name, name, StringComparison.OrdinalIgnoreCase));
}
