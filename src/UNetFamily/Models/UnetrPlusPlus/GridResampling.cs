namespace UNetFamily;

/// <summary>
/// Carries what a transformer block has learned for each token from one grid to another. Grids are resampled linearly, axis by axis, with half-pixel centres,
/// and smoothed when they become coarser, so that every token counts.
/// </summary>
internal static class GridResampling
{
    private const string Position = "position";
    private const string E = "attention.e.weight";
    private const string F = "attention.f.weight";

    /// <summary>The entries of a transformer block that are tied to its grid.</summary>
    public static IReadOnlyList<string> SizeBound { get; } = [Position, E, F];

    /// <summary>An entry of <see cref="SizeBound"/> for another grid.</summary>
    /// <param name="name">The entry's name within its block.</param>
    /// <param name="weight">The position embedding (1, tokens, C), or a projection: (projected, tokens), a shared matrix (tokens, projected).</param>
    /// <param name="projection">What the projection is.</param>
    /// <param name="from">The grid it was learned on.</param>
    /// <param name="to">The grid to use it on.</param>
    public static Tensor Fit(string name, Tensor weight, TokenProjection projection, long[] from, long[] to) => name == Position
        ? AlongAxes(weight, axis: 1, from, to, Linear)
        // A projection is a weighted sum over tokens. On the new grid it is the old one after resampling the tokens to the old grid: the transposed map.
        : AlongAxes(weight, axis: projection is TokenProjection.SharedMatrix ? 0 : 1, from, to, (old, wanted) => Linear(wanted, old).transpose(0, 1));

    private static Tensor AlongAxes(Tensor weight, int axis, long[] from, long[] to, Func<long, long, Tensor> map)
    {
        using var scope = NewDisposeScope();
        var x = weight.to(ScalarType.Float64).unflatten(axis, from);
        for (var i = 0; i < from.Length; i++)
        {
            var matrix = map(from[i], to[i]).to(weight.device);
            x = x.movedim([axis + i], [-1]).Times(matrix.transpose(0, 1)).movedim([-1], [axis + i]);
        }
        return x.flatten(axis, axis + from.Length - 1).to(weight.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The matrix (to, from) of linear resampling; each row sums to one.</summary>
    internal static Tensor Linear(long from, long to)
    {
        var (scale, weights) = ((double)from / to, new double[to * from]);
        var reach = Math.Max(1, scale);
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * scale - 0.5;
            var row = weights.AsSpan(i * (int)from, (int)from);
            var sum = 0.0;
            for (var j = 0; j < row.Length; j++) sum += row[j] = Math.Max(0, 1 - Math.Abs(j - centre) / reach);
            foreach (ref var weight in row) weight /= sum;
        }
        return tensor(weights, [to, from]);
    }
}
