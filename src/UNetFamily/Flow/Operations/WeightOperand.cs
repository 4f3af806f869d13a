namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>A learned tensor of the block as an operand of its flow.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="shape">The axes under which it is to be seen; its own when left out.</param>
    public FeatureMap Weight(Parameter parameter, params ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Apply(new WeightOperand(parameter, shape.IsEmpty ? null : shape.ToArray()));
    }
}

/// <summary>A learned tensor that no layer holds.</summary>
internal sealed class WeightOperand(Parameter parameter, long[]? shape) : Operation
{
    public override string Name => "Weight";

    /// <summary>The tensor.</summary>
    public Parameter Parameter => parameter;

    /// <summary>Whether the result is the parameter itself, which is nobody's to free.</summary>
    public bool IsTheParameter => shape is null;

    public override Tensor Run(Tensor[] x) => shape is null ? parameter : parameter.view(shape);

    public override long[] Shape(long[][] x) => shape ?? parameter.shape;

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => null;
}
