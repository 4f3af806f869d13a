using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace UNetFamily;

/// <summary>A step of a <see cref="PositionProgram"/>.</summary>
internal abstract class PositionStep
{
    /// <summary>Computes it for some positions.</summary>
    public abstract void Run(PositionBlock block);
}

/// <summary>A pointwise convolution, and what is applied to its numbers.</summary>
/// <param name="weights">Its weights, which it frees.</param>
/// <param name="from">What goes in.</param>
/// <param name="to">Where the result goes.</param>
/// <param name="function">What is applied to each number.</param>
internal sealed unsafe class MultiplyStep(PackedWeights weights, PositionPlace from, PositionPlace to, NumberFunction function) : PositionStep, IDisposable
{
    public override void Run(PositionBlock block)
    {
        var y = block.At(to);
        PanelProduct.Multiply(block.At(from), from.Step, 0, weights.Panels, y, to.Step, block.Rows, 1, weights.Inputs, weights.Outputs);
        NumberFunctions.Apply(function, y, to.Step, y, to.Step, weights.Shift, block.Rows, to.Channels);
    }

    public void Dispose() => weights.Dispose();
}

/// <summary>A function of each number.</summary>
internal sealed unsafe class FunctionStep(NumberFunction function, PositionPlace from, PositionPlace to) : PositionStep
{
    public override void Run(PositionBlock block) => NumberFunctions.Apply(function, block.At(from), from.Step, block.At(to), to.Step, null, block.Rows, to.Channels);
}

/// <summary>y = a + b.</summary>
internal sealed unsafe class AddStep(PositionPlace a, PositionPlace b, PositionPlace to) : PositionStep
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(PositionBlock block)
    {
        float* left = block.At(a), right = block.At(b), y = block.At(to);
        for (var row = 0; row < block.Rows; row++, left += a.Step, right += b.Step, y += to.Step)
            for (var i = 0; i < to.Channels; i += PanelProduct.Lanes) (Vector512.Load(left + i) + Vector512.Load(right + i)).Store(y + i);
    }
}

/// <summary>y = x + a * b, or a * b without an x.</summary>
internal sealed unsafe class AddProductStep(PositionPlace? x, PositionPlace a, PositionPlace b, PositionPlace to) : PositionStep
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(PositionBlock block)
    {
        float* left = block.At(a), right = block.At(b), y = block.At(to), added = x is { } place ? block.At(place) : null;
        var addedStep = x?.Step ?? 0;
        for (var row = 0; row < block.Rows; row++, left += a.Step, right += b.Step, y += to.Step, added += addedStep)
        {
            for (var i = 0; i < to.Channels; i += PanelProduct.Lanes)
                Vector512.FusedMultiplyAdd(Vector512.Load(left + i), Vector512.Load(right + i), added == null ? Vector512<float>.Zero : Vector512.Load(added + i)).Store(y + i);
        }
    }
}

/// <summary>y = x * factor + shift, each channel by its own.</summary>
internal sealed unsafe class ScaleStep(float[] factor, float[] shift, PositionPlace from, PositionPlace to) : PositionStep
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(PositionBlock block)
    {
        float* x = block.At(from), y = block.At(to);
        fixed (float* factors = factor, shifts = shift)
        {
            for (var row = 0; row < block.Rows; row++, x += from.Step, y += to.Step)
                for (var i = 0; i < to.Channels; i += PanelProduct.Lanes) Vector512.FusedMultiplyAdd(Vector512.Load(x + i), Vector512.Load(factors + i), Vector512.Load(shifts + i)).Store(y + i);
        }
    }
}
