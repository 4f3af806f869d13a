namespace UNetFamily;

public abstract partial class FeatureMap
{
    private static FeatureMap Combined(FeatureMap left, FeatureMap right, Arithmetic operation)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return left.Apply(operation, left, right);
    }
}

/// <summary>What operations number by number have in common: sides of 1 are repeated, and a position comes from itself.</summary>
internal abstract class Arithmetic : Operation
{
    public override long[] Shape(long[][] x)
    {
        var shape = x[0];
        foreach (var other in x.AsSpan(1)) shape = shape.Broadcast(other, Name);
        return shape;
    }

    public override bool TakesChannelsLast => true;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => PixelFields.Joined(fields);
}
