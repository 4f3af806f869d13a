namespace UNetFamily;

/// <summary>Products of matrices by those native calls that take their arguments in order and report their errors; see README.md beside this file.</summary>
internal static class Products
{
    /// <summary>
    /// The products of all matrices, as <c>left.matmul(right)</c>, which ends the process when something goes wrong below it, such as a lack of memory.
    /// </summary>
    /// <param name="left">(…batch, rows, inner).</param>
    /// <param name="right">(…batch, inner, columns) with the same batch axes, or one matrix (inner, columns) for all.</param>
    /// <returns>(…batch, rows, columns).</returns>
    public static Tensor Times(this Tensor left, Tensor right)
    {
        using var scope = NewDisposeScope();
        var batch = left.shape[..^2];
        var product = right.dim() == 2
            ? left.reshape(-1, left.shape[^1]).mm(right).reshape([.. left.shape[..^1], right.shape[^1]])
            : Matrices(left).bmm(Matrices(right)).reshape([.. batch, left.shape[^2], right.shape[^1]]);
        return product.MoveToOuterDisposeScope();

        static Tensor Matrices(Tensor x) => x.dim() == 3 ? x : x.reshape(-1, x.shape[^2], x.shape[^1]);
    }

    /// <summary>
    /// Matrix products with a column added to each: what <c>baddbmm</c> is for, whose arguments go astray.
    /// </summary>
    /// <param name="left">(N, rows, inner).</param>
    /// <param name="right">(N, inner, columns).</param>
    /// <param name="column">(rows), or null for none.</param>
    /// <returns>(N, rows, columns).</returns>
    public static Tensor TimesPlus(this Tensor left, Tensor right, Tensor? column)
    {
        using var scope = NewDisposeScope();
        var product = left.bmm(right);
        // In place: the gradient of a product doesn't need the product.
        if (column is not null) product.add_(column.unsqueeze(-1));
        return product.MoveToOuterDisposeScope();
    }
}
