namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>Some of the channels, without a copy.</summary>
    /// <param name="start">The first.</param>
    /// <param name="count">How many.</param>
    /// <returns>(N, count, …spatial).</returns>
    /// <exception cref="ArgumentException">They aren't all there.</exception>
    public FeatureMap Narrow(long start, long count) => start == 0 && count == Channels ? this : Apply(new Narrow(start, count), this);

    /// <summary>The channels in three equal parts.</summary>
    /// <exception cref="InvalidOperationException">Their number is no multiple of 3.</exception>
    public (FeatureMap First, FeatureMap Second, FeatureMap Third) Split3()
    {
        var (width, rest) = Math.DivRem(Channels, 3);
        if (rest != 0) throw new InvalidOperationException($"{Channels} channels have no three equal parts. Nearest: {3 * Math.Max(1, width)}.");
        return (Narrow(0, width), Narrow(width, width), Narrow(2 * width, width));
    }
}

/// <summary>Some of the channels.</summary>
internal sealed class Narrow(long start, long count) : Operation
{
    /// <summary>The first channel.</summary>
    public long Start => start;

    public override Tensor Run(Tensor[] x) => x[0].narrow(1, start, count);

    public override long[] Shape(long[][] x)
    {
        if (start < 0 || count < 1 || start + count > x[0][1]) throw new ArgumentException($"The map is {x[0].Print()} and has no channels {start} to {start + count - 1}.");
        var part = (long[])x[0].Clone();
        part[1] = count;
        return part;
    }

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.None;

    public override bool TakesChannelsLast => true;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];

    public override bool IsView(bool dense) => true;

    public override bool IsDense => false;
}
