namespace UNetFamily;

/// <summary>A pointwise convolution.</summary>
/// <param name="weights">Its weights, which it frees.</param>
internal sealed unsafe class PointwiseProduct(PackedWeights weights) : PositionProduct(weights.Inputs, weights.Outputs, Math.Max(weights.Inputs, weights.Outputs))
{
    public override void Dispose() => weights.Dispose();

    protected override void Block(float* x, float* y, int rows)
    {
        Multiply(x, weights, y, rows);
        Shift(y, weights, rows);
    }
}
