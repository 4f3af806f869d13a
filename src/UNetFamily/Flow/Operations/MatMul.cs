namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Matrix products over the last two axes, (…batch, rows, inner) by (…batch, inner, columns), as of queries with keys.</summary>
    /// <param name="right">The right factors, or one matrix (inner, columns) for all.</param>
    /// <returns>(…batch, rows, columns).</returns>
    /// <exception cref="ArgumentException">The axes don't fit.</exception>
    public FeatureMap MatMul(FeatureMap right)
    {
        ArgumentNullException.ThrowIfNull(right);
        return Apply(new MatMul(), this, right);
    }
}

/// <summary>Products of matrices, over the last two axes. The gradient of each factor needs the other.</summary>
internal sealed class MatMul : Operation
{
    public override LayerKind Kind => LayerKind.MatrixProduct;

    public override Tensor Run(Tensor[] x) => x[0].Times(x[1]);

    public override long[] Shape(long[][] x)
    {
        var (left, right) = (x[0], x[1]);
        return left.Length >= 2 && right.Length >= 2 && left[^1] == right[^2] && (right.Length == 2 || left.AsSpan(0, left.Length - 2).SequenceEqual(right.AsSpan(0, right.Length - 2)))
            ? [.. left[..^1], right[^1]]
            : throw new ArgumentException($"Matrices of {left.Print()} and {right.Print()} have no product.");
    }

    public override long Macs(long[][] x, long[] y) => checked(y.Elements() * x[0][^1]);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => new() { KeptOperands = 0b11 };

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => PixelFields.Joined(fields)?.Global();
}
