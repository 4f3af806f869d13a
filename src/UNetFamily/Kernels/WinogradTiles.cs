using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// The transforms of Winograd's minimal filtering F(4x4, 3x3): a tile of 4 x 4 outputs takes 36 products for each pair of channels, where the sum as written takes 144 (Lavin and Gray, 2016, section 4.3, whose matrices
/// these are: points 0, 1, -1, 2, -2 and infinity). Each works on 16 channels at once, which lie together in memory.
/// </summary>
internal static unsafe class WinogradTiles
{
    /// <summary>The side of a tile of outputs.</summary>
    public const int Side = 4;

    /// <summary>The side of the tile of inputs that it comes from.</summary>
    public const int Reach = 6;

    /// <summary>The products of a tile.</summary>
    public const int Products = Reach * Reach;

    /// <summary>The numbers of a kernel.</summary>
    public const int Kernel = 9;

    /// <summary>G g Gᵀ.</summary>
    /// <param name="kernel">3 x 3 vectors, one for each channel that comes out.</param>
    /// <param name="result">Where the first of the 36 goes.</param>
    /// <param name="step">How much further the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfKernel(float* kernel, float* result, nint step)
    {
        var tile = stackalloc Vector512<float>[Reach * 3];
        for (var x = 0; x < 3; x++)
            Filter(Vector512.Load(kernel + (x * PanelProduct.Lanes)), Vector512.Load(kernel + ((3 + x) * PanelProduct.Lanes)), Vector512.Load(kernel + ((6 + x) * PanelProduct.Lanes)), (float*)(tile + x), 3 * PanelProduct.Lanes);
        for (var y = 0; y < Reach; y++, tile += 3, result += Reach * step) Filter(tile[0], tile[1], tile[2], result, step);
    }

    /// <summary>Bᵀ d B.</summary>
    /// <param name="tile">6 x 6 vectors.</param>
    /// <param name="result">Where the first of the 36 goes.</param>
    /// <param name="step">How much further the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfInput(Vector512<float>* tile, float* result, nint step)
    {
        for (var x = 0; x < Reach; x++) Input(tile + x, Reach);
        for (var y = 0; y < Reach; y++)
        {
            Input(tile + (y * Reach), 1);
            for (var x = 0; x < Reach; x++, result += step) tile[(y * Reach) + x].Store(result);
        }
    }

    /// <summary>Aᵀ m A.</summary>
    /// <param name="products">The first of the 36.</param>
    /// <param name="step">How much further the next.</param>
    /// <param name="tile">6 x 6 vectors to work on; the first 4 of each of the first 4 rows have the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfProducts(float* products, nint step, Vector512<float>* tile)
    {
        for (var y = 0; y < Reach; y++)
        {
            for (var x = 0; x < Reach; x++, products += step) tile[(y * Reach) + x] = Vector512.Load(products);
            Output(tile + (y * Reach), 1);
        }
        for (var x = 0; x < Side; x++) Output(tile + x, Reach);
    }

    // The matrix G.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Filter(Vector512<float> g0, Vector512<float> g1, Vector512<float> g2, float* result, nint step)
    {
        var (near, far) = ((g0 + g2) * (-1 / 6f), Vector512.FusedMultiplyAdd(g2, Vector512.Create(1 / 6f), g0 * (1 / 24f)));
        (g0 * 0.25f).Store(result);
        Vector512.FusedMultiplyAdd(g1, Vector512.Create(-1 / 6f), near).Store(result + step);
        Vector512.FusedMultiplyAdd(g1, Vector512.Create(1 / 6f), near).Store(result + (2 * step));
        Vector512.FusedMultiplyAdd(g1, Vector512.Create(1 / 12f), far).Store(result + (3 * step));
        Vector512.FusedMultiplyAdd(g1, Vector512.Create(-1 / 12f), far).Store(result + (4 * step));
        g2.Store(result + (5 * step));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Input(Vector512<float>* d, int step)
    {
        var (d0, d1, d2, d3, d4, d5) = (d[0], d[step], d[2 * step], d[3 * step], d[4 * step], d[5 * step]);
        var (four, five) = (Vector512.Create(4f), Vector512.Create(-5f));
        var (even, odd) = (Vector512.FusedMultiplyAdd(-four, d2, d4), Vector512.FusedMultiplyAdd(-four, d1, d3));
        var (near, far) = (d4 - d2, (d3 - d1) * 2f);
        d[0] = Vector512.FusedMultiplyAdd(four, d0, Vector512.FusedMultiplyAdd(five, d2, d4));
        d[step] = even + odd;
        d[2 * step] = even - odd;
        d[3 * step] = near + far;
        d[4 * step] = near - far;
        d[5 * step] = Vector512.FusedMultiplyAdd(four, d1, Vector512.FusedMultiplyAdd(five, d3, d5));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Output(Vector512<float>* m, int step)
    {
        var (m0, m1, m2, m3, m4, m5) = (m[0], m[step], m[2 * step], m[3 * step], m[4 * step], m[5 * step]);
        var (plus, minus, farPlus, farMinus) = (m1 + m2, m1 - m2, m3 + m4, m3 - m4);
        m[0] = m0 + plus + farPlus;
        m[step] = Vector512.FusedMultiplyAdd(Vector512.Create(2f), farMinus, minus);
        m[2 * step] = Vector512.FusedMultiplyAdd(Vector512.Create(4f), farPlus, plus);
        m[3 * step] = Vector512.FusedMultiplyAdd(Vector512.Create(8f), farMinus, minus) + m5;
    }
}
