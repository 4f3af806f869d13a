namespace UNetFamily;

/// <summary>Upsampling by repeated values as a module, to stand in a <c>Sequential</c>: (N, C, …spatial) to (N, C, …spatial * scale).</summary>
/// <param name="scale">The factor per axis.</param>
public sealed class NearestUpsample(Extent scale) : Block(nameof(NearestUpsample))
{
    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => x.UpsampleNearest(scale);
}
