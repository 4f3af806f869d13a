namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>The centre of the map, in the size of another, without a copy.</summary>
    /// <param name="target">A map that is no larger on any axis.</param>
    /// <returns>(N, C, …spatial of the target).</returns>
    public FeatureMap CropTo(FeatureMap target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return CropTo(target.Axes[2..]);
    }

    private FeatureMap CropTo(long[] sides)
    {
        if (Axes.AsSpan(2).SequenceEqual(sides)) return this;
        NoteSize();
        return Apply(new Crop(sides), this);
    }
}

/// <summary>The centre of a map.</summary>
internal sealed class Crop(long[] sides) : Operation
{
    /// <summary>The first position on a spatial axis.</summary>
    public long Start(long[] x, int axis) => (x[axis + 2] - sides[axis]) / 2;

    public override Tensor Run(Tensor[] x)
    {
        var shape = x[0].shape;
        var centre = x[0].alias();
        for (var axis = 0; axis < sides.Length; axis++)
        {
            using var wider = centre;
            centre = wider.narrow(axis + 2, Start(shape, axis), sides[axis]);
        }
        return centre;
    }

    public override long[] Shape(long[][] x)
    {
        for (var axis = 0; axis < sides.Length; axis++)
            if (sides[axis] > x[0][axis + 2]) throw new ArgumentException($"{x[0].Print()} is too small to be cut to {sides.Print()}.");
        return x[0].WithSides((axis, _) => sides[axis]);
    }

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override bool TakesChannelsLast => true;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0]?.Shifted(y[2..], axis => -Start(x[0], axis));

    public override bool IsView(bool dense) => true;

    public override bool IsDense => false;
}
