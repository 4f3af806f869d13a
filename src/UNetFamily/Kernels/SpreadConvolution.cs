namespace UNetFamily;

/// <summary>
/// A transposed convolution whose kernel is no larger than its stride, of float32 maps with the channels last in memory: each position becomes a block of its own, and a row of positions, times the weights of one row of
/// the kernel, is a row of the result. Between the blocks there is the bias alone.
/// </summary>
internal sealed unsafe class SpreadConvolution : IDisposable
{
    private readonly PackedWeights[] weights;
    private readonly float[] bias;
    private readonly int inputs, outputs;
    private readonly int[] kernel, stride;

    /// <summary>Packs the weights.</summary>
    /// <param name="weights">(in, out, …kernel), float32 on the CPU.</param>
    /// <param name="stride">The stride of each axis, at least the kernel's side.</param>
    public SpreadConvolution(ConvolutionWeights weights, long[] stride)
    {
        using var scope = NewDisposeScope();
        var shape = weights.Kernel.shape;
        (inputs, outputs) = ((int)shape[0], (int)shape[1]);
        (kernel, this.stride) = (DepthwiseGrid.InVolume(shape.AsSpan(2), 1), DepthwiseGrid.InVolume(stride.AsSpan(), 1));
        // (kernel rows, in, kernel columns, out)
        var rows = weights.Kernel.reshape([inputs, outputs, kernel[0] * kernel[1], kernel[2]]).permute(2, 0, 3, 1).flatten(2);
        var shift = weights.Bias?.repeat([kernel[2]]);
        this.weights = [.. Enumerable.Range(0, kernel[0] * kernel[1]).Select(row => new PackedWeights(rows[row], shift))];
        bias = weights.Bias?.Numbers() ?? new float[outputs];
    }

    /// <summary>Convolves a sample.</summary>
    /// <param name="x">(depth, height, width, in).</param>
    /// <param name="from">The sides of it.</param>
    /// <param name="y">(depth, height, width, out).</param>
    /// <param name="to">The sides of that.</param>
    /// <param name="crew">Who works.</param>
    public void Run(nint x, int[] from, nint y, int[] to, Crew crew) => crew.Do(to[0] * to[1], row => Row((float*)x, from, (float*)y + ((nint)row * to[2] * outputs), to, row / to[1], row % to[1]));

    public void Dispose()
    {
        foreach (var row in weights) row.Dispose();
    }

    private void Row(float* x, int[] from, float* y, int[] to, int plane, int row)
    {
        var (above, left) = (plane % stride[0], row % stride[1]);
        var isReached = above < kernel[0] && left < kernel[1] && plane / stride[0] < from[0] && row / stride[1] < from[1];
        if (isReached) Multiply(x + ((((nint)(plane / stride[0]) * from[1]) + (row / stride[1])) * from[2] * inputs), from[2], weights[(above * kernel[1]) + left], y);
        for (var column = 0; column < to[2]; column++)
            if (!isReached || column % stride[2] >= kernel[2] || column / stride[2] >= from[2]) bias.CopyTo(new Span<float>(y + ((nint)column * outputs), outputs));
    }

    private void Multiply(float* x, int positions, PackedWeights row, float* y)
    {
        var wide = PanelProduct.Padded(positions);
        using var scratch = new Scratch(wide * (row.Columns + inputs));
        var products = scratch.Start;
        if (wide > positions)
        {
            var padded = products + (wide * row.Columns);
            new ReadOnlySpan<float>(x, positions * inputs).CopyTo(new Span<float>(padded, positions * inputs));
            new Span<float>(padded + (positions * inputs), (wide - positions) * inputs).Clear();
            x = padded;
        }
        PanelProduct.Multiply(x, inputs, 0, row.Panels, products, row.Columns, wide, 1, inputs, row.Columns);
        if (stride[2] == kernel[2]) row.Store(products, y, positions);
        else for (var position = 0; position < positions; position++) row.Store(products + (position * row.Columns), y + ((nint)position * stride[2] * outputs), 1);
    }
}
