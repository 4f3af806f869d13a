namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>The numbers in their order under other axes; positions stay in the order of the image.</summary>
    /// <param name="shape">The new axes; one may be -1.</param>
    /// <exception cref="ArgumentException">The numbers don't fit.</exception>
    public FeatureMap Reshape(params ReadOnlySpan<long> shape)
    {
        NoteSize();
        return Apply(new Reshape(shape.ToArray()), this);
    }

    /// <summary>Positions as tokens: (N, C, …spatial) to (N, C, tokens).</summary>
    public FeatureMap Tokens() => Axes.Length == 3 ? this : Reshape(Axes[0], Axes[1], -1);
}

/// <summary>The numbers in their order under other axes.</summary>
internal sealed class Reshape(long[] shape) : Operation
{
    public override Tensor Run(Tensor[] x) => x[0].reshape(shape);

    public override long[] Shape(long[][] x)
    {
        var (result, known, open) = ((long[])shape.Clone(), 1L, -1);
        for (var axis = 0; axis < shape.Length; axis++)
        {
            if (shape[axis] == -1 && open < 0) open = axis;
            else known *= shape[axis];
        }
        var elements = x[0].Elements();
        if (open >= 0 && known > 0) result[open] = elements / known;
        return result.Elements() == elements ? result : throw new ArgumentException($"A map of {x[0].Print()} can't become {shape.Print()}.");
    }

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];

    public override bool IsView(bool dense) => dense;
}
