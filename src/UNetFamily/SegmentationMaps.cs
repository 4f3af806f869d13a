namespace UNetFamily;

/// <summary>What the flow of a segmentation network gives: logits at full resolution, and those of deep supervision. A single map is converted to it.</summary>
/// <param name="logits">(N, classes, …spatial), at the resolution of the input.</param>
/// <param name="auxiliary">Further logits from fine to coarse; none when left out.</param>
public sealed class SegmentationMaps(FeatureMap logits, params IReadOnlyList<FeatureMap> auxiliary)
{
    /// <summary>The logits at the finest resolution.</summary>
    public FeatureMap Logits { get; } = logits;

    /// <summary>The logits of deep supervision from fine to coarse.</summary>
    public IReadOnlyList<FeatureMap> Auxiliary { get; } = auxiliary;

    /// <summary>Logits alone.</summary>
    /// <param name="logits">(N, classes, …spatial).</param>
    public static implicit operator SegmentationMaps(FeatureMap logits) => FromFeatureMap(logits);

    /// <summary>Logits alone.</summary>
    /// <param name="logits">(N, classes, …spatial).</param>
    public static SegmentationMaps FromFeatureMap(FeatureMap logits) => new(logits);
}
