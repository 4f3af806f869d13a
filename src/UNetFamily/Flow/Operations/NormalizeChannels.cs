namespace UNetFamily;

/// <summary>A layer norm over the channels of each position. It works on a copy with the channels last, and keeps two numbers for each position.</summary>
internal sealed class NormalizeChannels(ChannelLayerNorm norm) : NormOperation(norm)
{
    protected override long? Channels => norm.Channels;

    protected override long Statistics(long[] x) => 2 * x[0] * x.Positions();

    protected override long Copies => 1;

    public override bool TakesChannelsLast => true;

    public override bool IsDense => false;
}
