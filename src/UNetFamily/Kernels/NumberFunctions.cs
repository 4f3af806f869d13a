using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>A function of single numbers.</summary>
internal enum NumberFunction
{
    /// <summary>x.</summary>
    Same,

    /// <summary>max(x, 0).</summary>
    Rectified,

    /// <summary>The exact GELU; see <see cref="GaussianUnit"/>.</summary>
    Gaussian,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,
}

/// <summary>Functions of single numbers, of 16 at a time.</summary>
internal static unsafe class NumberFunctions
{
    // From here on the hyperbolic tangent is 1, in float32.
    private const float Saturated = 7.9f;

    private interface IOfNumbers
    {
        static abstract Vector512<float> Of(Vector512<float> x);
    }

    /// <summary>y = function(x + shift) for each channel of some rows.</summary>
    /// <param name="function">The function.</param>
    /// <param name="x">The first row.</param>
    /// <param name="xStep">How much further each row begins.</param>
    /// <param name="y">Where the first row goes; may be <paramref name="x"/>.</param>
    /// <param name="yStep">How much further each row begins there.</param>
    /// <param name="shift">What is added to each channel; null for nothing.</param>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="channels">A multiple of 16.</param>
    public static void Apply(NumberFunction function, float* x, nint xStep, float* y, nint yStep, float* shift, int rows, int channels)
    {
        switch (function)
        {
            case NumberFunction.Rectified: Apply<Rectified>(x, xStep, y, yStep, shift, rows, channels); break;
            case NumberFunction.Gaussian: Apply<Gaussian>(x, xStep, y, yStep, shift, rows, channels); break;
            case NumberFunction.Sigmoid: Apply<Sigmoid>(x, xStep, y, yStep, shift, rows, channels); break;
            case NumberFunction.Tanh: Apply<Tanh>(x, xStep, y, yStep, shift, rows, channels); break;
            default: Apply<Same>(x, xStep, y, yStep, shift, rows, channels); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<T>(float* x, nint xStep, float* y, nint yStep, float* shift, int rows, int channels) where T : struct, IOfNumbers
    {
        for (var row = 0; row < rows; row++, x += xStep, y += yStep)
            for (var i = 0; i < channels; i += PanelProduct.Lanes) T.Of(shift == null ? Vector512.Load(x + i) : Vector512.Load(x + i) + Vector512.Load(shift + i)).Store(y + i);
    }

    /// <summary>A quotient of two polynomials, within some units of the last place of float32 (the coefficients that Eigen's <c>tanh</c> made common).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> TanhOf(Vector512<float> x)
    {
        var z = Vector512.Min(Vector512.Max(x, Vector512.Create(-Saturated)), Vector512.Create(Saturated));
        var square = z * z;
        var above = Vector512.Create(-2.76076847742355e-16f);
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(2.00018790482477e-13f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(-8.60467152213735e-11f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(5.12229709037114e-08f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(1.48572235717979e-05f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(6.37261928875436e-04f));
        above = Vector512.FusedMultiplyAdd(above, square, Vector512.Create(4.89352455891786e-03f));
        var below = Vector512.Create(1.19825839466702e-06f);
        below = Vector512.FusedMultiplyAdd(below, square, Vector512.Create(1.18534705686654e-04f));
        below = Vector512.FusedMultiplyAdd(below, square, Vector512.Create(2.26843463243900e-03f));
        below = Vector512.FusedMultiplyAdd(below, square, Vector512.Create(4.89352518554385e-03f));
        return z * above / below;
    }

    private readonly struct Same : IOfNumbers
    {
        public static Vector512<float> Of(Vector512<float> x) => x;
    }

    private readonly struct Rectified : IOfNumbers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) => Vector512.Max(x, Vector512<float>.Zero);
    }

    private readonly struct Gaussian : IOfNumbers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) => GaussianUnit.Of(x);
    }

    // Off by at most a unit of the last place of 1, and so not to be divided by.
    private readonly struct Sigmoid : IOfNumbers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) => Vector512.FusedMultiplyAdd(TanhOf(x * 0.5f), Vector512.Create(0.5f), Vector512.Create(0.5f));
    }

    private readonly struct Tanh : IOfNumbers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) => TanhOf(x);
    }
}
