using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>What kernels apply to the numbers that they store: nothing, or the rectified linear unit, leaky or not.</summary>
internal readonly struct Rectifier
{
    private readonly bool applies;
    private readonly float slope;

    private Rectifier(double slope) => (applies, this.slope) = (true, (float)slope);

    /// <summary>Whether there is anything to apply.</summary>
    public bool Applies => applies;

    /// <summary>The rectifier that an operation is; null for another operation.</summary>
    public static Rectifier? Find(Operation operation) => operation switch
    {
        Activate { Layer: Modules.ReLU } => new Rectifier(0),
        Activate { Layer: Modules.LeakyReLU leaky } => new Rectifier(leaky.negative_slope),
        _ => null,
    };

    /// <summary>The function of 16 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Of(Vector512<float> x) =>
        !applies ? x
        // NaN stays, as the second of the two.
        : slope == 0 ? Vector512.MaxNative(Vector512<float>.Zero, x)
        : Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), x * slope, x);

    /// <summary>The function of one.</summary>
    public float Of(float x) => !applies || !(x < 0) ? x : slope == 0 ? 0 : x * slope;
}
