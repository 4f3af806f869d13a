namespace UNetFamily;

/// <summary>What norms have in common. Their statistics depend on every position, which doesn't count as seeing it.</summary>
internal abstract class NormOperation(Module<Tensor, Tensor> norm) : LayerOperation(norm)
{
    public override LayerKind Kind => LayerKind.Normalization;

    /// <summary>The channels that it was built for; none where it takes any.</summary>
    protected virtual long? Channels => null;

    /// <summary>The numbers of means and deviations that its gradient needs.</summary>
    protected abstract long Statistics(long[] x);

    /// <summary>Copies of the input that it makes meanwhile.</summary>
    protected virtual long Copies => 0;

    /// <summary>Whether it has no kernel for half precision beside float32 weights, so that mixed precision gives it, and autograd keeps, a float32 copy.</summary>
    protected virtual bool IsRaised => true;

    public override long[] Shape(long[][] x)
    {
        if (Channels is { } channels) RequireChannels(x[0], channels);
        return x[0];
    }

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode)
    {
        var (elements, statistics) = (x[0].Elements(), Statistics(x[0]));
        if (!mode.RaisesNorms || !IsRaised)
            return MemoryUse.KeepsFirst with { KeptBytes = mode.BytesPerNumber * statistics, PassingBytes = mode.BytesPerNumber * Copies * elements };
        return MemoryUse.None with { KeptBytes = sizeof(float) * (elements + statistics), PassingBytes = sizeof(float) * (Copies + 2) * elements };
    }

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];

    protected string TooFew(long[] x, string needs) =>
        $"{Layer.GetType().Name} in training needs {needs} to normalize over, and gets one: the map is {x.Print()}.";
}
