using UNetFamily.NnUNet;

namespace UNetFamily.Tool;

/// <summary>A network that a verb works with.</summary>
/// <param name="Name">A name of the catalogue, a file that knows its network, or a model folder of nnU-Net.</param>
/// <param name="InChannels">Channels of its input; null for those of the catalogue.</param>
/// <param name="OutChannels">Its classes; null for those of the catalogue.</param>
internal sealed record Target(string Name, long? InChannels, long? OutChannels)
{
    /// <summary>Whether it is a name of the catalogue, and not a file or folder. A name comes first.</summary>
    public static bool IsCatalogueName(string name) => ModelCatalog.Variants.Any(variant => string.Equals(variant.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Builds it; that of a file with its weights.</summary>
    public SegmentationModel Build()
    {
        var isName = IsCatalogueName(Name);
        if (!isName && (File.Exists(Name) || Directory.Exists(Name)))
        {
            if ((InChannels ?? OutChannels) is not null) throw new UsageException($"--in-channels and --out-channels are for networks of the catalogue; {Name} says its own.");
            return File.Exists(Name) ? SegmentationModel.FromFile(Name) : ModelFolder.Read(Name).Network.Build();
        }
        if (!isName && LooksLikeAPath(Name)) throw new FileNotFoundException($"There is no file or folder {Name}.", Name);
        var options = ModelCatalog.Find(Name).Options;
        return (options with { InChannels = InChannels ?? options.InChannels, OutChannels = OutChannels ?? options.OutChannels }).Build();
    }

    private static bool LooksLikeAPath(string name) => name.AsSpan().IndexOfAny('/', '\\', '.') >= 0;
}
