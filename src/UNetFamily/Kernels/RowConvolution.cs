using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// A convolution without groups of float32 maps with the channels last in memory, some rows of the result at once. Of the rows that the kernel reaches, all that stand at the same place are laid together, with zeros at both
/// ends; then the kernel covers numbers that follow each other wherever it stands, and a row of the result is a product of matrices.
/// </summary>
internal sealed unsafe class RowConvolution : IDisposable
{
    // So many positions that weights, once in a core's cache, serve for a while.
    private const int FewestPositions = 64;

    private readonly PackedWeights weights;
    private readonly int inputs;
    private readonly int[] kernel, stride, padding;

    /// <summary>Packs the weights.</summary>
    /// <param name="weights">(out, in, …kernel), float32 on the CPU.</param>
    /// <param name="stride">The stride of each axis.</param>
    /// <param name="padding">The zeros before each axis.</param>
    public RowConvolution(ConvolutionWeights weights, long[] stride, long[] padding)
    {
        using var scope = NewDisposeScope();
        var shape = weights.Kernel.shape;
        inputs = (int)shape[1];
        (kernel, this.stride, this.padding) = (DepthwiseGrid.InVolume(shape.AsSpan(2), 1), DepthwiseGrid.InVolume(stride.AsSpan(), 1), DepthwiseGrid.InVolume(padding.AsSpan(), 0));
        this.weights = new PackedWeights(weights.Kernel.flatten(2, -2).permute(3, 2, 1, 0).flatten(0, -2), weights.Bias);
    }

    /// <summary>Convolves a sample.</summary>
    /// <param name="x">(depth, height, width, in).</param>
    /// <param name="from">The sides of it.</param>
    /// <param name="y">(depth, height, width, out).</param>
    /// <param name="to">The sides of that.</param>
    /// <param name="inPlanes">Whether the result has the channels first: (out, depth, height, width).</param>
    /// <param name="rectifier">What is applied to the result.</param>
    /// <param name="crew">Who works.</param>
    public void Run(nint x, int[] from, nint y, int[] to, bool inPlanes, Rectifier rectifier, Crew crew)
    {
        var wide = PanelProduct.Padded(to[2]);
        var atOnce = Math.Clamp(FewestPositions / wide, 1, to[1]);
        var parts = (to[1] + atOnce - 1) / atOnce;
        crew.Do(to[0] * parts, part =>
        {
            var (plane, row) = (part / parts, part % parts * atOnce);
            Rows((float*)x, from, (float*)y, to, plane, row, Math.Min(atOnce, to[1] - row), wide, inPlanes, rectifier);
        });
    }

    public void Dispose() => weights.Dispose();

    private void Rows(float* x, int[] from, float* y, int[] to, int plane, int row, int rows, int wide, bool inPlanes, Rectifier rectifier)
    {
        var place = kernel[0] * kernel[1] * inputs;
        var length = (((wide - 1) * stride[2]) + kernel[2]) * place;
        using var scratch = new Scratch(rows * ((wide * weights.Columns) + length));
        var products = scratch.Start;
        var reached = products + (rows * wide * weights.Columns);
        new Span<float>(reached, rows * length).Clear();
        for (var i = 0; i < rows; i++) Reach(x, from, plane, row + i, reached + (i * length) + (padding[2] * place), Math.Min(from[2], (length / place) - padding[2]), place);
        for (var column = 0; column < weights.Columns; column += PanelProduct.Columns)
        {
            for (var i = 0; i < rows; i++)
            {
                PanelProduct.Multiply(reached + (i * length), stride[2] * place, 0, weights.Panels + ((nint)column * weights.Inputs), products + (i * wide * weights.Columns) + column, weights.Columns,
                    wide, 1, weights.Inputs, Math.Min(PanelProduct.Columns, weights.Columns - column));
            }
        }
        for (var i = 0; i < rows; i++)
        {
            var made = products + (i * wide * weights.Columns);
            var first = (((nint)plane * to[1]) + row + i) * to[2];
            if (inPlanes) weights.StoreColumns(made, y + first, (nint)to[0] * to[1] * to[2], to[2], rectifier);
            else weights.Store(made, y + (first * weights.Outputs), to[2], rectifier);
        }
    }

    /// <summary>Lays together what the rows that the kernel reaches for a row of the result have at each of their places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Reach(float* x, int[] from, int plane, int row, float* to, int places, int step)
    {
        for (var z = (plane * stride[0]) - padding[0]; z < (plane * stride[0]) - padding[0] + kernel[0]; z++)
        {
            for (var y = (row * stride[1]) - padding[1]; y < (row * stride[1]) - padding[1] + kernel[1]; y++, to += inputs)
            {
                if (z < 0 || z >= from[0] || y < 0 || y >= from[1]) continue;
                var reached = x + ((((nint)z * from[1]) + y) * from[2] * inputs);
                if (inputs % PanelProduct.Lanes == 0)
                {
                    for (var place = 0; place < places; place++, reached += inputs)
                        for (var i = 0; i < inputs; i += PanelProduct.Lanes) Vector512.Load(reached + i).Store(to + (place * step) + i);
                }
                else
                {
                    for (var place = 0; place < places; place++, reached += inputs)
                        for (var i = 0; i < inputs; i++) to[(place * step) + i] = reached[i];
                }
            }
        }
    }
}
