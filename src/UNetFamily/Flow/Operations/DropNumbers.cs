namespace UNetFamily;

/// <summary>A dropout layer, of numbers or of whole channels.</summary>
/// <param name="dropout">The layer.</param>
/// <param name="probability">Its probability.</param>
/// <param name="ofChannels">Whether it drops whole channels.</param>
internal sealed class DropNumbers(Module<Tensor, Tensor> dropout, double probability, bool ofChannels) : LayerOperation(dropout)
{
    public override long[] Shape(long[][] x) => x[0];

    // In evaluation, and with a probability of 0.
    public override bool MayPassThrough => true;

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => !mode.Training || probability == 0
        ? MemoryUse.None with { PassesThrough = true }
        : MemoryUse.None with { KeptBytes = mode.BytesPerNumber * (ofChannels ? y[0] * y[1] : y.Elements()) };

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];
}
