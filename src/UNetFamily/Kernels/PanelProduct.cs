using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// Products of a matrix with packed weights, for kernels that keep everything in cache. The weights lie in panels of 32 columns, one of 16 at the end where that is left, each with its rows one after the other.
/// </summary>
internal static unsafe class PanelProduct
{
    /// <summary>Rows that are computed at once; matrices have a multiple of it.</summary>
    public const int Rows = 8;

    /// <summary>Columns that are computed at once.</summary>
    public const int Columns = 32;

    /// <summary>The numbers of a vector; columns come in multiples of it.</summary>
    public const int Lanes = 16;

    /// <summary>Whether the processor has vectors of 512 bits, without which libtorch is faster.</summary>
    public static bool IsFast => Vector512.IsHardwareAccelerated;

    /// <summary>So many rows that all of some are computed, a multiple of <see cref="Rows"/>.</summary>
    public static int Padded(int rows) => (rows + Rows - 1) / Rows * Rows;

    /// <summary>Memory for numbers, from a cache line on; <see cref="NativeMemory.AlignedFree"/> frees it.</summary>
    public static float* Allocate(long numbers) => (float*)NativeMemory.AlignedAlloc(checked((nuint)numbers * sizeof(float)), 64);

    /// <summary>Where column <paramref name="column"/> of row <paramref name="row"/> lies among packed weights.</summary>
    public static long Place(long row, long column, long rows, long columns)
    {
        var panel = column / Columns;
        var width = Math.Min(Columns, columns - (panel * Columns));
        return (panel * Columns * rows) + (row * width) + (column % Columns);
    }

    /// <summary>c = sum over taps of a (moved by the tap) times the weights of the tap.</summary>
    /// <param name="a">The first row of a matrix of <paramref name="depth"/> columns.</param>
    /// <param name="aStep">How much further each of its rows begins.</param>
    /// <param name="tapStep">How much further each tap begins in <paramref name="a"/>.</param>
    /// <param name="weights">(taps * depth, columns) in panels.</param>
    /// <param name="c">(rows, columns).</param>
    /// <param name="cStep">How much further each of its rows begins.</param>
    /// <param name="rows">A multiple of <see cref="Rows"/>.</param>
    /// <param name="taps">How many matrices are summed.</param>
    /// <param name="depth">The length of the sum in each.</param>
    /// <param name="columns">A multiple of <see cref="Lanes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* a, nint aStep, nint tapStep, float* weights, float* c, nint cStep, int rows, int taps, int depth, int columns)
    {
        for (var column = 0; column < columns; column += Columns)
        {
            var panel = weights + ((nint)column * taps * depth);
            for (var row = 0; row < rows; row += Rows)
            {
                float* from = a + (row * aStep), to = c + (row * cStep) + column;
                if (columns - column >= Columns) Block32(from, aStep, tapStep, panel, to, cStep, taps, depth);
                else Block16(from, aStep, tapStep, panel, to, cStep, taps, depth);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block32(float* a, nint aStep, nint tapStep, float* b, float* c, nint cStep, int taps, nint depth)
    {
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        Vector512<float> c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        for (var tap = 0; tap < taps; tap++, a += tapStep)
        {
            float* a3 = a + (3 * aStep), a6 = a3 + (3 * aStep);
            for (nint k = 0; k < depth; k++, b += Columns)
            {
                var (b0, b1) = (Vector512.Load(b), Vector512.Load(b + Lanes));
                var x = Vector512.Create(a[k]);
                c00 = Vector512.FusedMultiplyAdd(x, b0, c00);
                c01 = Vector512.FusedMultiplyAdd(x, b1, c01);
                x = Vector512.Create(a[aStep + k]);
                c10 = Vector512.FusedMultiplyAdd(x, b0, c10);
                c11 = Vector512.FusedMultiplyAdd(x, b1, c11);
                x = Vector512.Create(a[(2 * aStep) + k]);
                c20 = Vector512.FusedMultiplyAdd(x, b0, c20);
                c21 = Vector512.FusedMultiplyAdd(x, b1, c21);
                x = Vector512.Create(a3[k]);
                c30 = Vector512.FusedMultiplyAdd(x, b0, c30);
                c31 = Vector512.FusedMultiplyAdd(x, b1, c31);
                x = Vector512.Create(a3[aStep + k]);
                c40 = Vector512.FusedMultiplyAdd(x, b0, c40);
                c41 = Vector512.FusedMultiplyAdd(x, b1, c41);
                x = Vector512.Create(a3[(2 * aStep) + k]);
                c50 = Vector512.FusedMultiplyAdd(x, b0, c50);
                c51 = Vector512.FusedMultiplyAdd(x, b1, c51);
                x = Vector512.Create(a6[k]);
                c60 = Vector512.FusedMultiplyAdd(x, b0, c60);
                c61 = Vector512.FusedMultiplyAdd(x, b1, c61);
                x = Vector512.Create(a6[aStep + k]);
                c70 = Vector512.FusedMultiplyAdd(x, b0, c70);
                c71 = Vector512.FusedMultiplyAdd(x, b1, c71);
            }
        }
        Store(c, c00, c01);
        Store(c += cStep, c10, c11);
        Store(c += cStep, c20, c21);
        Store(c += cStep, c30, c31);
        Store(c += cStep, c40, c41);
        Store(c += cStep, c50, c51);
        Store(c += cStep, c60, c61);
        Store(c + cStep, c70, c71);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block16(float* a, nint aStep, nint tapStep, float* b, float* c, nint cStep, int taps, nint depth)
    {
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        for (var tap = 0; tap < taps; tap++, a += tapStep)
        {
            float* a3 = a + (3 * aStep), a6 = a3 + (3 * aStep);
            for (nint k = 0; k < depth; k++, b += Lanes)
            {
                var x = Vector512.Load(b);
                c0 = Vector512.FusedMultiplyAdd(Vector512.Create(a[k]), x, c0);
                c1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[aStep + k]), x, c1);
                c2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[(2 * aStep) + k]), x, c2);
                c3 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[k]), x, c3);
                c4 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[aStep + k]), x, c4);
                c5 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[(2 * aStep) + k]), x, c5);
                c6 = Vector512.FusedMultiplyAdd(Vector512.Create(a6[k]), x, c6);
                c7 = Vector512.FusedMultiplyAdd(Vector512.Create(a6[aStep + k]), x, c7);
            }
        }
        c0.Store(c);
        c1.Store(c += cStep);
        c2.Store(c += cStep);
        c3.Store(c += cStep);
        c4.Store(c += cStep);
        c5.Store(c += cStep);
        c6.Store(c += cStep);
        c7.Store(c + cStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector512<float> left, Vector512<float> right)
    {
        left.Store(c);
        right.Store(c + Lanes);
    }
}
