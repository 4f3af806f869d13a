using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>The weights of a matrix product as <see cref="PanelProduct"/> reads them, and its shifts.</summary>
internal sealed unsafe class PackedWeights : IDisposable
{
    /// <summary>Packs weights.</summary>
    /// <param name="matrix">(in, out), float32 on the CPU.</param>
    /// <param name="shift">What is added to each column: (out); null for nothing.</param>
    public PackedWeights(Tensor matrix, Tensor? shift)
    {
        (Inputs, Outputs) = ((int)matrix.shape[0], (int)matrix.shape[1]);
        Columns = (Outputs + PanelProduct.Lanes - 1) / PanelProduct.Lanes * PanelProduct.Lanes;
        Shift = PanelProduct.Allocate(Columns);
        var shifts = new Span<float>(Shift, Columns);
        shifts.Clear();
        shift?.Numbers().CopyTo(shifts);
        Panels = PanelProduct.Allocate((long)Inputs * Columns);
        using var rows = matrix.contiguous();
        var numbers = MemoryMarshal.Cast<byte, float>(rows.bytes);
        for (var row = 0; row < Inputs; row++)
        {
            for (var column = 0; column < Columns; column += PanelProduct.Lanes)
            {
                var lanes = new Span<float>(Panels + PanelProduct.Place(row, column, Inputs, Columns), PanelProduct.Lanes);
                lanes.Clear();
                numbers.Slice((row * Outputs) + column, Math.Min(PanelProduct.Lanes, Outputs - column)).CopyTo(lanes);
            }
        }
    }

    /// <summary>Packs the weights of a pointwise convolution.</summary>
    /// <param name="weights">(out, in, 1, …), float32 on the CPU.</param>
    public static PackedWeights OfPointwise(ConvolutionWeights weights)
    {
        using var scope = NewDisposeScope();
        return new PackedWeights(weights.Kernel.flatten(1).t(), weights.Bias);
    }

    /// <summary>The length of a sum.</summary>
    public int Inputs { get; }

    /// <summary>The columns that are wanted.</summary>
    public int Outputs { get; }

    /// <summary>The columns that are computed, a multiple of 16; those that aren't wanted are zero.</summary>
    public int Columns { get; }

    /// <summary>The weights, in panels.</summary>
    public float* Panels { get; }

    /// <summary>What is added to each of <see cref="Columns"/>.</summary>
    public float* Shift { get; }

    /// <summary>Adds the shifts to products, applies a function, and stores the columns that are wanted.</summary>
    /// <param name="products">(rows, <see cref="Columns"/>).</param>
    /// <param name="to">(rows, <see cref="Outputs"/>).</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="rectifier">The function.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Store(float* products, float* to, int rows, Rectifier rectifier = default)
    {
        for (var row = 0; row < rows; row++, products += Columns, to += Outputs)
        {
            var column = 0;
            for (; column + PanelProduct.Lanes <= Outputs; column += PanelProduct.Lanes) rectifier.Of(Vector512.Load(products + column) + Vector512.Load(Shift + column)).Store(to + column);
            if (column == Outputs) continue;
            // What is stored too much, the next row is stored over.
            if (row + 1 < rows && column + PanelProduct.Lanes <= 2 * Outputs) rectifier.Of(Vector512.Load(products + column) + Vector512.Load(Shift + column)).Store(to + column);
            else for (; column < Outputs; column++) to[column] = rectifier.Of(products[column] + Shift[column]);
        }
    }

    /// <summary>As <see cref="Store"/>, column by column.</summary>
    /// <param name="products">(rows, <see cref="Columns"/>).</param>
    /// <param name="to">(<see cref="Outputs"/>, rows).</param>
    /// <param name="step">How much further each column begins.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="rectifier">The function.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void StoreColumns(float* products, float* to, nint step, int rows, Rectifier rectifier)
    {
        for (var column = 0; column < Outputs; column++, to += step)
            for (var row = 0; row < rows; row++) to[row] = rectifier.Of(products[(row * Columns) + column] + Shift[column]);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Panels);
        NativeMemory.AlignedFree(Shift);
    }
}
