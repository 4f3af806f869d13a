namespace UNetFamily;

/// <summary>Linear upsampling (bilinear or trilinear, by the rank of the tensor) as a module, to stand in a <c>Sequential</c>.</summary>
/// <param name="scale">The factor per axis.</param>
/// <param name="alignCorners">Whether the centres of the corner pixels stay where they are.</param>
public sealed class LinearUpsample(Extent scale, bool alignCorners = true) : Module<Tensor, Tensor>(nameof(LinearUpsample)), ITraceable
{
    /// <summary>Resizes.</summary>
    /// <param name="input">(N, C, …spatial).</param>
    /// <returns>(N, C, …spatial * scale).</returns>
    public override Tensor forward(Tensor input) => Resampling.Upsample(input, scale, alignCorners);

    TensorShape ITraceable.Trace(Tracer tracer, TensorShape input) =>
        tracer.Elementwise(this, input, input.Interpolated(scale, alignCorners), LayerKeeps.Nothing);
}
