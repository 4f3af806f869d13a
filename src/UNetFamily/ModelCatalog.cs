namespace UNetFamily;

/// <summary>A published network by name.</summary>
/// <param name="Name">A name without spaces, such as <c>unet-milesial</c>.</param>
/// <param name="Source">The paper or project.</param>
/// <param name="Options">Its options, channels and classes as published.</param>
/// <param name="Parameters">How many numbers it learns.</param>
public sealed record ModelVariant(string Name, string Source, SegmentationModelOptions Options, long Parameters);

/// <summary>Every published variant that the library holds; tests, benchmarks and the README's table iterate it.</summary>
public static class ModelCatalog
{
    private const string UNet2015 = "Ronneberger et al., U-Net, 2015 (arXiv 1505.04597)";

    /// <summary>The variants in order of their papers.</summary>
    public static IReadOnlyList<ModelVariant> Variants { get; } =
    [
        new("unet-paper", UNet2015, UNetOptions.Paper2015(), 31_030_658),
        new("unet-release", $"{UNet2015}, released network phseg_v5", UNetOptions.Release2015(), 31_100_354),
        new("unet-milesial", "milesial/Pytorch-UNet", UNetOptions.Milesial(3, 2), 31_037_698),
        new("unet-milesial-bilinear", "milesial/Pytorch-UNet", UNetOptions.Milesial(3, 2, bilinear: true), 17_263_042),
    ];

    /// <summary>The variant of a name.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <exception cref="ArgumentException">There is none; the message lists the names.</exception>
    public static ModelVariant Find(string name) =>
        Variants.FirstOrDefault(variant => string.Equals(variant.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no network '{name}'. There are: {string.Join(", ", Variants.Select(variant => variant.Name))}.", nameof(name));
}
