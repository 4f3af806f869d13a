namespace UNetFamily;

/// <summary>
/// A transposed convolution whose kernel is as large as its stride, of float32 maps with the channels last in memory: each position becomes a block of its own, and a row of positions, times the weights of one row of
/// the kernel, is a row of the result.
/// </summary>
internal sealed unsafe class SpreadConvolution : IDisposable
{
    private readonly PackedWeights[] weights;
    private readonly int inputs;
    private readonly int[] kernel;

    /// <summary>Packs the weights.</summary>
    /// <param name="weights">(in, out, …kernel), float32 on the CPU.</param>
    public SpreadConvolution(ConvolutionWeights weights)
    {
        using var scope = NewDisposeScope();
        var shape = weights.Kernel.shape;
        inputs = (int)shape[0];
        kernel = DepthwiseGrid.InVolume(shape.AsSpan(2), 1);
        // (kernel rows, in, kernel columns, out)
        var rows = weights.Kernel.reshape([inputs, shape[1], kernel[0] * kernel[1], kernel[2]]).permute(2, 0, 3, 1).flatten(2);
        var shift = weights.Bias?.repeat([kernel[2]]);
        this.weights = [.. Enumerable.Range(0, kernel[0] * kernel[1]).Select(row => new PackedWeights(rows[row], shift))];
    }

    /// <summary>Convolves a sample.</summary>
    /// <param name="x">(depth, height, width, in).</param>
    /// <param name="sides">The sides of it.</param>
    /// <param name="y">(depth, height, width, out), each side as many times as large as the kernel's.</param>
    /// <param name="crew">Who works.</param>
    public void Run(nint x, int[] sides, nint y, Crew crew) => crew.Do(sides[0] * sides[1], row => Row((float*)x, sides, (float*)y, row));

    public void Dispose()
    {
        foreach (var row in weights) row.Dispose();
    }

    private void Row(float* x, int[] sides, float* y, int row)
    {
        var (columns, numbers) = (weights[0].Columns, sides[2] * inputs);
        var wide = (sides[2] + PanelProduct.Rows - 1) / PanelProduct.Rows * PanelProduct.Rows;
        using var scratch = new Scratch(wide * (columns + inputs));
        var from = x + ((nint)row * numbers);
        if (wide > sides[2])
        {
            var copy = scratch.Start + (wide * columns);
            new ReadOnlySpan<float>(from, numbers).CopyTo(new Span<float>(copy, numbers));
            new Span<float>(copy + numbers, (wide * inputs) - numbers).Clear();
            from = copy;
        }
        for (var place = 0; place < weights.Length; place++)
        {
            PanelProduct.Multiply(from, inputs, 0, weights[place].Panels, scratch.Start, columns, wide, 1, inputs, columns);
            var (plane, line) = ((row / sides[1] * kernel[0]) + (place / kernel[1]), (row % sides[1] * kernel[1]) + (place % kernel[1]));
            weights[place].Store(scratch.Start, y + ((((nint)plane * sides[1] * kernel[1]) + line) * sides[2] * weights[place].Outputs), sides[2]);
        }
    }
}
