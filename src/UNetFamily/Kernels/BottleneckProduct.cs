using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>An inverted bottleneck: pointwise to many channels, GELU, pointwise to few. The wide map is never anywhere but in the cache.</summary>
/// <param name="expand">The weights to the wide map, which it frees.</param>
/// <param name="compress">The weights from it, which it frees.</param>
internal sealed unsafe class BottleneckProduct(PackedWeights expand, PackedWeights compress) : PositionProduct(expand.Inputs, compress.Outputs, expand.Outputs)
{
    private const int BytesOfLine = 64;

    public override void Dispose()
    {
        expand.Dispose();
        compress.Dispose();
    }

    protected override void Block(float* x, float* y, int rows)
    {
        var numbers = ArrayPool<float>.Shared.Rent((rows * expand.Outputs) + (BytesOfLine / sizeof(float)));
        fixed (float* start = numbers)
        {
            var wide = (float*)(((nuint)start + BytesOfLine - 1) / BytesOfLine * BytesOfLine);
            Multiply(x, expand, wide, rows);
            Activate(wide, rows);
            Multiply(wide, compress, y, rows);
            Shift(y, compress, rows);
        }
        ArrayPool<float>.Shared.Return(numbers);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Activate(float* wide, int rows)
    {
        var channels = expand.Outputs;
        fixed (float* shifts = expand.Shift)
        {
            for (var row = 0; row < rows; row++, wide += channels)
                for (var channel = 0; channel < channels; channel += PanelProduct.Lanes) GaussianUnit.Of(Vector512.Load(wide + channel) + Vector512.Load(shifts + channel)).Store(wide + channel);
        }
    }
}
