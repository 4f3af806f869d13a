using System.Globalization;

namespace UNetFamily;

/// <summary>A kernel that changed its size on the way into another network.</summary>
/// <param name="Name">The entry, such as <c>encoder.0.0.depthwise.weight</c>.</param>
/// <param name="From">The size in the source: (H, W) or (D, H, W).</param>
/// <param name="To">The size in the target.</param>
public sealed record ResampledKernel(string Name, ValueList<long> From, ValueList<long> To)
{
    /// <summary><c>encoder.0.0.depthwise.weight [3, 3, 3] → [5, 5, 5]</c>.</summary>
    public override string ToString() => $"{Name} {From} → {To}";
}

/// <summary>What became of each entry when a network was initialized from another.</summary>
/// <param name="Copied">Entries of the target with the source's values.</param>
/// <param name="Resampled">Entries of the target with the source's kernels in another size.</param>
/// <param name="Skipped">Entries of the target that the source lacks; they kept their values.</param>
/// <param name="Unused">Entries of the source that the target lacks.</param>
public sealed record TransferReport(IReadOnlyList<string> Copied, IReadOnlyList<ResampledKernel> Resampled, IReadOnlyList<string> Skipped, IReadOnlyList<string> Unused)
{
    /// <summary>The numbers, and the names of what was skipped and not used.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Copied.Count} copied, {Resampled.Count} resampled, {Skipped.Count} skipped{Names(Skipped)}, {Unused.Count} unused{Names(Unused)}");

    private static string Names(IReadOnlyList<string> names) => names.Count == 0 ? "" : $" ({string.Join(", ", names)})";
}
