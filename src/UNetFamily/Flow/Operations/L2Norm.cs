namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>The Euclidean length along the last axis, no less than a small number, which is kept as 1.</summary>
    /// <param name="eps">The least length.</param>
    /// <returns>(…, 1).</returns>
    public FeatureMap L2Norm(double eps) => Apply(new L2Norm(eps), this);

    /// <summary>The vectors along the last axis divided by their lengths.</summary>
    /// <param name="eps">The least that a length counts as.</param>
    public FeatureMap L2Normalize(double eps) => this / L2Norm(eps);
}

/// <summary>The Euclidean length along the last axis.</summary>
internal sealed class L2Norm(double eps) : Operation
{
    /// <summary>The least length.</summary>
    public double Eps => eps;

    public override Tensor Run(Tensor[] x)
    {
        using var length = x[0].norm(-1, keepdim: true);
        return length.clamp_min(eps);
    }

    public override long[] Shape(long[][] x) => [.. x[0][..^1], 1];

    // Beside the operand, the lengths before and after the limit.
    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.KeepsFirst with { KeptBytes = mode.BytesPerNumber * y.Elements() };

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0]?.Global();
}
