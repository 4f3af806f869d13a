using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>
/// The exact GELU, x * (1 + erf(x / sqrt 2)) / 2, with erf as a quotient of two polynomials whose error is below that of float32 (the coefficients that Eigen's <c>erf</c> made common).
/// </summary>
internal static unsafe class GaussianUnit
{
    private const int NumbersAtOnce = 1 << 14;
    private const float Saturated = 4;      // erf is 1 from here on, in float32


    /// <summary>Applies it.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="y">Where the results go; may be <paramref name="x"/>.</param>
    /// <param name="count">How many.</param>
    /// <param name="crew">Who works.</param>
    public static void Apply(nint x, nint y, long count, Crew crew) => crew.Do((int)((count + NumbersAtOnce - 1) / NumbersAtOnce), part =>
    {
        var first = (long)part * NumbersAtOnce;
        Apply((float*)x + first, (float*)y + first, (int)Math.Min(NumbersAtOnce, count - first));
    });

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply(float* x, float* y, int count)
    {
        var i = 0;
        for (; i + PanelProduct.Lanes <= count; i += PanelProduct.Lanes) Of(Vector512.Load(x + i)).Store(y + i);
        for (; i < count; i++) y[i] = Of(Vector512.CreateScalar(x[i])).ToScalar();
    }

    /// <summary>The GELU of 16 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x)
    {
        var z = Vector512.Min(Vector512.Max(x * 0.70710678f, Vector512.Create(-Saturated)), Vector512.Create(Saturated));
        var square = z * z;
        var above = Vector512.Create(-2.72614225801306e-10f);
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(2.77068142495902e-08f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(-2.10102402082508e-06f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(-5.69250639462346e-05f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(-7.34990630326855e-04f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(-2.95459980854025e-03f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(-1.60960333262415e-02f));
        var below = Vector512.Create(-1.45660718464996e-05f);
        below = Vector512.FusedMultiplyAdd(below, square, Vector512.Create(-2.13374055278905e-04f));
        below = Vector512.FusedMultiplyAdd(below, square, Vector512.Create(-1.68282697438203e-03f));
        below = Vector512.FusedMultiplyAdd(below, square, Vector512.Create(-7.37332916720468e-03f));
        below = Vector512.FusedMultiplyAdd(below, square, Vector512.Create(-1.42647390514189e-02f));
        var half = x * 0.5f;
        return Vector512.FusedMultiplyAdd(half, z * above / below, half);
    }
}
