namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Multiplies each side, by linear interpolation (bilinear for images, trilinear for volumes).</summary>
    /// <param name="scale">The factor per axis.</param>
    /// <param name="alignCorners">Whether the centres of the corner pixels stay where they are; the field uses both conventions.</param>
    /// <returns>(N, C, …spatial * scale).</returns>
    public FeatureMap Upsample(Extent scale, bool alignCorners) => Apply(new Resize(Factors(scale), isNearest: false, alignCorners), this);

    /// <summary>Multiplies each side, by repeating values.</summary>
    /// <param name="scale">The factor per axis.</param>
    /// <returns>(N, C, …spatial * scale).</returns>
    public FeatureMap UpsampleNearest(Extent scale) => Apply(new Resize(Factors(scale), isNearest: true, alignCorners: false), this);

    private long[] Factors(Extent scale) => scale.Along((SpatialDims)(Axes.Length - 2));
}

/// <summary>Another size, by linear interpolation or by repeating values.</summary>
internal sealed class Resize(long[] factors, bool isNearest, bool alignCorners) : Operation
{
    /// <summary>The factor for each spatial axis.</summary>
    public IReadOnlyList<long> Factors => factors;

    /// <summary>Whether values are repeated.</summary>
    public bool IsNearest => isNearest;

    /// <summary>Whether the centres of the corners stay where they are.</summary>
    public bool AlignCorners => alignCorners;

    public override string Name => isNearest ? "UpsampleNearest" : "Upsample";

    public override Tensor Run(Tensor[] x) => isNearest ? Resampling.UpsampleNearest(x[0], Extent.Of(factors)) : Resampling.Upsample(x[0], Extent.Of(factors), alignCorners);

    public override long[] Shape(long[][] x) => x[0].WithSides((axis, side) => side * factors[axis]);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override bool TakesChannelsLast => true;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => isNearest ? fields[0]?.Nearest(y[2..]) : fields[0]?.Linear(y[2..], alignCorners);
}
