namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Maps joined along their channels.</summary>
    /// <param name="maps">One map or more of the same batch and sides.</param>
    /// <returns>(N, the channels of all, …spatial).</returns>
    /// <exception cref="ArgumentException">There is no map, or a side differs.</exception>
    public static FeatureMap Concat(params ReadOnlySpan<FeatureMap> maps)
    {
        if (maps.IsEmpty) throw new ArgumentException("There must be one map or more.", nameof(maps));
        return maps.Length == 1 ? maps[0] : maps[0].Apply(new Concatenation(), maps.ToArray());
    }
}

/// <summary>Maps joined along their channels.</summary>
internal sealed class Concatenation : Operation
{
    public override Tensor Run(Tensor[] x) => cat(x, dim: 1);

    public override long[] Shape(long[][] x)
    {
        var joined = (long[])x[0].Clone();
        foreach (var other in x.AsSpan(1))
        {
            if (other.Length != joined.Length || other[0] != joined[0] || !other.AsSpan(2).SequenceEqual(joined.AsSpan(2)))
                throw new ArgumentException($"Maps to be joined must have one size, got {string.Join(" and ", x.Select(map => map.Print()))}. Bring them there with {nameof(FeatureMap.FitTo)}.");
            joined[1] += other[1];
        }
        return joined;
    }

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override bool TakesChannelsLast => true;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => PixelFields.Joined(fields);
}
