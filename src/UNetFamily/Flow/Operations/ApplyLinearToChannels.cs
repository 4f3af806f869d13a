namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>A linear layer, or some of its rows, on the channels of each token: (N, C, tokens) to (N, rows, tokens).</summary>
    internal FeatureMap ThroughChannels(Linear linear, long start, long rows) => Apply(new ApplyLinearToChannels(linear, start, rows), this);
}

/// <summary>
/// A linear layer on the channels of (N, C, tokens), or some of its rows. Channels stay in front, where attention needs them: no transposed copies, and each result is dense.
/// </summary>
/// <param name="linear">The layer.</param>
/// <param name="start">Its first row that counts.</param>
/// <param name="rows">How many rows count.</param>
internal sealed class ApplyLinearToChannels(Linear linear, long start, long rows) : Operation
{
    public override nn.Module Layer => linear;

    public override LayerKind Kind => LayerKind.Linear;

    /// <summary>The first row.</summary>
    public long Start => start;

    /// <summary>The rows that count, (rows, in), and their biases, in tensors of the current dispose scope.</summary>
    public (Tensor Matrix, Tensor? Bias) Weights => (linear.weight.narrow(0, start, rows), linear.bias?.narrow(0, start, rows));

    public override Tensor Run(Tensor[] x)
    {
        using var scope = NewDisposeScope();
        var (matrix, bias) = Weights;
        return matrix.unsqueeze(0).expand(x[0].shape[0], -1, -1).TimesPlus(x[0], bias).MoveToOuterDisposeScope();
    }

    public override long[] Shape(long[][] x) => x[0].Length == 3 && x[0][1] == linear.in_features
        ? [x[0][0], rows, x[0][2]]
        : throw new ArgumentException($"Linear takes (N, {linear.in_features}, tokens) here; the map is {x[0].Print()}.");

    public override long Macs(long[][] x, long[] y) => checked(x[0].Elements() * rows);

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.KeepsFirst;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];
}
