namespace UNetFamily.Tests.Reference;

/// <summary>
/// Weights and inputs computed from names, so that a reference case needs no weight file: every number is a hash of the parameter's official name
/// and its index. The formula belongs to the reference data; <see cref="DeterministicFillTests"/> holds its check vectors.
/// </summary>
internal static class DeterministicFill
{
    /// <summary>The value of a parameter or buffer of the original, or null for counters, which stay integers and zero.</summary>
    public static Tensor Values(string officialKey, long[] shape)
    {
        if (officialKey.EndsWith("num_batches_tracked", StringComparison.Ordinal)) return zeros(shape, ScalarType.Int64);

        var uniform = Uniform(officialKey, Count(shape));
        if (officialKey.EndsWith("running_var", StringComparison.Ordinal)) Map(uniform, u => 1 + 0.5 * Math.Abs(u));
        else if (officialKey.EndsWith("running_mean", StringComparison.Ordinal)) Map(uniform, u => 0.1 * u);
        else if (shape.Length <= 1 && officialKey.EndsWith("weight", StringComparison.Ordinal)) Map(uniform, u => 1 + 0.1 * u);
        else if (shape.Length <= 1) Map(uniform, u => 0.1 * u);
        else
        {
            var bound = Math.Sqrt(3.0 / (uniform.Length / shape[0]));
            Map(uniform, u => u * bound);
        }
        return ToTensor(uniform, shape);
    }

    /// <summary>An input or target: the plain numbers of a name, in [-1, 1).</summary>
    public static Tensor Input(string name, long[] shape) => ToTensor(Uniform(name, Count(shape)), shape);

    internal static double[] Uniform(string name, long count)
    {
        var hash = Fnv1a64(name);
        var values = new double[count];
        for (var i = 0L; i < count; i++) values[i] = (SplitMix64(hash + (ulong)i) >> 40) / (double)(1 << 24) * 2 - 1;
        return values;
    }

    internal static ulong Fnv1a64(string text)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var octet in System.Text.Encoding.UTF8.GetBytes(text)) hash = (hash ^ octet) * 0x100000001B3UL;
        return hash;
    }

    private static ulong SplitMix64(ulong z)
    {
        z += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    private static void Map(double[] values, Func<double, double> change)
    {
        for (var i = 0; i < values.Length; i++) values[i] = change(values[i]);
    }

    private static Tensor ToTensor(double[] values, long[] shape) => tensor(Array.ConvertAll(values, v => (float)v), shape);

    private static long Count(long[] shape) => shape.Aggregate(1L, (product, side) => product * side);
}
