namespace UNetFamily;

/// <summary>Products of matrices, by libtorch, written where a plan has a place for them.</summary>
/// <param name="original">The operation, whose result it gives.</param>
internal sealed class MultiplyMatrices(Operation original) : PlacedOperation
{
    public override string Name => original.Name;

    public override nn.Module? Layer => original.Layer;

    public override LayerKind Kind => original.Kind;

    /// <summary>An operation computed so; null for another one.</summary>
    /// <param name="operation">The operation.</param>
    public static Operation? Of(Operation operation) => operation is MatMul or ApplyLinearToChannels ? new MultiplyMatrices(operation) : null;

    public override void Run(Tensor[] x, Tensor y)
    {
        using var scope = NewDisposeScope();
        var results = Matrices(y);
        if (original is ApplyLinearToChannels linear)
        {
            var (matrix, bias) = linear.Weights;
            if (bias is not null) y.copy_(bias.unsqueeze(-1));
            for (var i = 0L; i < results.shape[0]; i++) results[i].addmm_(matrix, x[0][i], beta: bias is null ? 0 : 1);
            return;
        }
        var (left, right) = (Matrices(x[0]), x[1].dim() == 2 ? x[1] : Matrices(x[1]));
        for (var i = 0L; i < results.shape[0]; i++) results[i].addmm_(left[i], right.dim() == 2 ? right : right[i], beta: 0);

        static Tensor Matrices(Tensor x) => x.reshape(-1, x.shape[^2], x.shape[^1]);
    }

    public override long[] Shape(long[][] x) => original.Shape(x);

    public override long Macs(long[][] x, long[] y) => original.Macs(x, y);

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => original.Fields(fields, x, y);

    public override MemoryLayout LayoutOf(Tensor[] x) => MemoryLayout.Contiguous;
}
