namespace UNetFamily;

/// <summary>Linear upsampling (bilinear or trilinear, by the rank of the tensor) as a module, to stand in a <c>Sequential</c>: (N, C, …spatial) to (N, C, …spatial * scale).</summary>
/// <param name="scale">The factor per axis.</param>
/// <param name="alignCorners">Whether the centres of the corner pixels stay where they are.</param>
public sealed class LinearUpsample(Extent scale, bool alignCorners = true) : Block(nameof(LinearUpsample))
{
    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => x.Upsample(scale, alignCorners);
}
