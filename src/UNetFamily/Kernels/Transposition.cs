using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace UNetFamily;

/// <summary>Transposes matrices, which is what changes the layout of a map: (channels, positions) to (positions, channels) and back.</summary>
internal static unsafe class Transposition
{
    // A cache line of numbers.
    private const int Side = 16;
    private const int RowsAtOnce = 256;

    /// <summary>y = the transpose of x.</summary>
    /// <param name="x">(rows, columns), dense.</param>
    /// <param name="y">(columns, rows), dense.</param>
    /// <param name="rows">Rows of <paramref name="x"/>.</param>
    /// <param name="columns">Columns of <paramref name="x"/>.</param>
    /// <param name="crew">Who works.</param>
    public static void Run(nint x, nint y, long rows, long columns, Crew crew)
    {
        // The longer axis is cut, so that there is work for all.
        var byColumns = columns >= rows;
        var length = byColumns ? columns : rows;
        crew.Do((int)((length + RowsAtOnce - 1) / RowsAtOnce), part =>
        {
            var (from, to) = ((long)part * RowsAtOnce, Math.Min(((long)part + 1) * RowsAtOnce, length));
            if (byColumns) Part((float*)x, (float*)y, rows, columns, 0, rows, from, to);
            else Part((float*)x, (float*)y, rows, columns, from, to, 0, columns);
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Part(float* x, float* y, long rows, long columns, long firstRow, long lastRow, long firstColumn, long lastColumn)
    {
        for (var column = firstColumn; column < lastColumn; column += Side)
        {
            for (var row = firstRow; row < lastRow; row += Side)
            {
                float* from = x + (row * columns) + column, to = y + (column * rows) + row;
                if (Avx.IsSupported && row + Side <= lastRow && column + Side <= lastColumn)
                {
                    Eight(from, to, (nint)columns, (nint)rows);
                    Eight(from + 8, to + (8 * rows), (nint)columns, (nint)rows);
                    Eight(from + (8 * columns), to + 8, (nint)columns, (nint)rows);
                    Eight(from + (8 * columns) + 8, to + (8 * rows) + 8, (nint)columns, (nint)rows);
                    continue;
                }
                for (var i = 0L; i < Math.Min(Side, lastColumn - column); i++)
                    for (var j = 0L; j < Math.Min(Side, lastRow - row); j++) to[(i * rows) + j] = from[(j * columns) + i];
            }
        }
    }

    /// <summary>8 x 8 numbers: pairs, then fours, then halves change places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(float* x, float* y, nint step, nint next)
    {
        Vector256<float> a0 = Vector256.Load(x), a1 = Vector256.Load(x + step), a2 = Vector256.Load(x + (2 * step)), a3 = Vector256.Load(x + (3 * step));
        Vector256<float> a4 = Vector256.Load(x + (4 * step)), a5 = Vector256.Load(x + (5 * step)), a6 = Vector256.Load(x + (6 * step)), a7 = Vector256.Load(x + (7 * step));
        Vector256<float> b0 = Avx.UnpackLow(a0, a1), b1 = Avx.UnpackHigh(a0, a1), b2 = Avx.UnpackLow(a2, a3), b3 = Avx.UnpackHigh(a2, a3);
        Vector256<float> b4 = Avx.UnpackLow(a4, a5), b5 = Avx.UnpackHigh(a4, a5), b6 = Avx.UnpackLow(a6, a7), b7 = Avx.UnpackHigh(a6, a7);
        a0 = Avx.Shuffle(b0, b2, 0x44);
        a1 = Avx.Shuffle(b0, b2, 0xEE);
        a2 = Avx.Shuffle(b1, b3, 0x44);
        a3 = Avx.Shuffle(b1, b3, 0xEE);
        a4 = Avx.Shuffle(b4, b6, 0x44);
        a5 = Avx.Shuffle(b4, b6, 0xEE);
        a6 = Avx.Shuffle(b5, b7, 0x44);
        a7 = Avx.Shuffle(b5, b7, 0xEE);
        Avx.Permute2x128(a0, a4, 0x20).Store(y);
        Avx.Permute2x128(a1, a5, 0x20).Store(y + next);
        Avx.Permute2x128(a2, a6, 0x20).Store(y + (2 * next));
        Avx.Permute2x128(a3, a7, 0x20).Store(y + (3 * next));
        Avx.Permute2x128(a0, a4, 0x31).Store(y + (4 * next));
        Avx.Permute2x128(a1, a5, 0x31).Store(y + (5 * next));
        Avx.Permute2x128(a2, a6, 0x31).Store(y + (6 * next));
        Avx.Permute2x128(a3, a7, 0x31).Store(y + (7 * next));
    }
}
