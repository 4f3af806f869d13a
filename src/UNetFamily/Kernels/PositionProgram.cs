namespace UNetFamily;

/// <summary>
/// What takes each position of float32 maps with the channels last in memory by itself, in steps. Positions go through all of them in blocks that stay in a core's own cache, so that what lies between the steps is never a map.
/// </summary>
/// <param name="operands">The channels of each map that goes in.</param>
/// <param name="result">The channels that come out.</param>
/// <param name="between">The channels of a position that lie between steps at the same time.</param>
/// <param name="steps">The steps in order, which it frees.</param>
internal sealed unsafe class PositionProgram(int[] operands, int result, int between, IReadOnlyList<PositionStep> steps) : IDisposable
{
    private const int BlockBytes = 256 << 10;
    private const int MostRows = 128;

    private readonly int rowsAtOnce = Math.Clamp(BlockBytes / ((operands.Sum() + result + between) * sizeof(float)) / PanelProduct.Rows * PanelProduct.Rows, PanelProduct.Rows, MostRows);

    /// <summary>Whether it works with so many channels, and fast.</summary>
    public static bool Takes(long channels) => channels % PanelProduct.Lanes == 0 && PanelProduct.IsFast;

    /// <summary>Computes one sample.</summary>
    /// <param name="x">Where the numbers of each operand begin.</param>
    /// <param name="y">Where the result goes; an operand only where no step reads it after the result was begun.</param>
    /// <param name="positions">How many there are.</param>
    /// <param name="crew">Who works.</param>
    public void Run(nint[] x, nint y, long positions, Crew crew) => crew.Do((int)((positions + rowsAtOnce - 1) / rowsAtOnce), part =>
    {
        var first = (long)part * rowsAtOnce;
        var starts = stackalloc float*[operands.Length];
        for (var i = 0; i < operands.Length; i++) starts[i] = (float*)x[i] + (first * operands[i]);
        Rows(starts, (float*)y + (first * result), (int)Math.Min(rowsAtOnce, positions - first));
    });

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        foreach (var step in steps) (step as IDisposable)?.Dispose();
    }

    private void Rows(float** x, float* y, int rows)
    {
        var whole = rows / PanelProduct.Rows * PanelProduct.Rows;
        if (whole > 0) Block(x, y, whole);
        if (whole == rows) return;
        // What is left over is computed among zeros.
        var left = rows - whole;
        using var scratch = new Scratch(PanelProduct.Rows * (operands.Sum() + result));
        var next = scratch.Start;
        new Span<float>(next, PanelProduct.Rows * operands.Sum()).Clear();
        var padded = stackalloc float*[operands.Length];
        for (var i = 0; i < operands.Length; i++)
        {
            padded[i] = next;
            new Span<float>(x[i] + ((nint)whole * operands[i]), left * operands[i]).CopyTo(new Span<float>(next, left * operands[i]));
            next += PanelProduct.Rows * operands[i];
        }
        Block(padded, next, PanelProduct.Rows);
        new Span<float>(next, left * result).CopyTo(new Span<float>(y + ((nint)whole * result), left * result));
    }

    private void Block(float** x, float* y, int rows)
    {
        using var scratch = new Scratch(rows * between);
        var block = new PositionBlock(x, y, scratch.Start, rows);
        foreach (var step in steps) step.Run(block);
    }
}

/// <summary>In which memory some channels of a block lie.</summary>
internal enum PositionMemory
{
    /// <summary>In a map that goes in.</summary>
    Operand,

    /// <summary>In the map that comes out.</summary>
    Result,

    /// <summary>Between the steps.</summary>
    Between,
}

/// <summary>Where some channels of the positions of a block lie.</summary>
/// <param name="Memory">In which memory.</param>
/// <param name="Number">Which operand; between the steps, how many channels of a position lie before these.</param>
/// <param name="First">The first of the channels.</param>
/// <param name="Step">How much further each position begins.</param>
/// <param name="Channels">How many channels there are, a multiple of 16.</param>
internal readonly record struct PositionPlace(PositionMemory Memory, int Number, int First, int Step, int Channels);

/// <summary>The positions that go through the steps together.</summary>
/// <param name="x">Their first in each operand.</param>
/// <param name="y">Their first in the result.</param>
/// <param name="between">What lies between the steps.</param>
/// <param name="rows">How many there are, a multiple of <see cref="PanelProduct.Rows"/>.</param>
internal readonly unsafe struct PositionBlock(float** x, float* y, float* between, int rows)
{
    /// <summary>How many positions there are.</summary>
    public int Rows => rows;

    /// <summary>Where some channels of the first position lie.</summary>
    public float* At(PositionPlace place) => place.First + (place.Memory switch
    {
        PositionMemory.Operand => x[place.Number],
        PositionMemory.Result => y,
        _ => between + ((nint)place.Number * rows),
    });
}
