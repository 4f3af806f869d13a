using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>What takes each position of a float32 map with the channels last in memory by itself. Positions go through in blocks that stay in a core's own cache.</summary>
/// <param name="inputs">Channels that go in, a multiple of 16.</param>
/// <param name="outputs">Channels that come out, a multiple of 16.</param>
/// <param name="widest">The most channels on the way.</param>
internal abstract unsafe class PositionProduct(int inputs, int outputs, int widest) : IDisposable
{
    private const int BlockBytes = 192 << 10;
    private const int MostRows = 128;

    private readonly int rowsAtOnce = Math.Clamp(BlockBytes / (widest * sizeof(float)) / PanelProduct.Rows * PanelProduct.Rows, PanelProduct.Rows, MostRows);

    /// <summary>Whether it works with so many channels, and fast.</summary>
    public static bool Takes(params ReadOnlySpan<long> channels)
    {
        foreach (var count in channels)
            if (count % PanelProduct.Lanes != 0) return false;
        return Vector512.IsHardwareAccelerated;
    }

    /// <summary>Computes one sample.</summary>
    /// <param name="x">(positions, inputs).</param>
    /// <param name="y">(positions, outputs); not <paramref name="x"/>.</param>
    /// <param name="positions">How many there are.</param>
    /// <param name="crew">Who works.</param>
    public void Run(nint x, nint y, long positions, Crew crew) => crew.Do((int)((positions + rowsAtOnce - 1) / rowsAtOnce), part =>
    {
        var first = (long)part * rowsAtOnce;
        Rows((float*)x + (first * inputs), (float*)y + (first * outputs), (int)Math.Min(rowsAtOnce, positions - first));
    });

    /// <summary>Frees the weights.</summary>
    public abstract void Dispose();

    /// <summary>Computes some positions.</summary>
    /// <param name="x">(rows, inputs).</param>
    /// <param name="y">(rows, outputs).</param>
    /// <param name="rows">A multiple of <see cref="PanelProduct.Rows"/>.</param>
    protected abstract void Block(float* x, float* y, int rows);

    /// <summary>y = x times weights, without their shifts.</summary>
    protected static void Multiply(float* x, PackedWeights weights, float* y, int rows) => PanelProduct.Multiply(x, 0, weights.Panels, y, rows, 1, weights.Inputs, weights.Outputs);

    /// <summary>Adds the shifts of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected static void Shift(float* y, PackedWeights weights, int rows)
    {
        var channels = weights.Outputs;
        fixed (float* shifts = weights.Shift)
        {
            for (var row = 0; row < rows; row++, y += channels)
                for (var channel = 0; channel < channels; channel += PanelProduct.Lanes) (Vector512.Load(y + channel) + Vector512.Load(shifts + channel)).Store(y + channel);
        }
    }

    private void Rows(float* x, float* y, int rows)
    {
        var whole = rows / PanelProduct.Rows * PanelProduct.Rows;
        if (whole > 0) Block(x, y, whole);
        if (whole == rows) return;
        // What is left over is computed among zeros.
        var numbers = ArrayPool<float>.Shared.Rent(PanelProduct.Rows * (inputs + outputs));
        fixed (float* from = numbers)
        {
            var to = from + (PanelProduct.Rows * inputs);
            var left = rows - whole;
            new Span<float>(from, PanelProduct.Rows * inputs).Clear();
            new Span<float>(x + ((nint)whole * inputs), left * inputs).CopyTo(new Span<float>(from, left * inputs));
            Block(from, to, PanelProduct.Rows);
            new Span<float>(to, left * outputs).CopyTo(new Span<float>(y + ((nint)whole * outputs), left * outputs));
        }
        ArrayPool<float>.Shared.Return(numbers);
    }
}
