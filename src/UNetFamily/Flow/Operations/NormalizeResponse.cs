namespace UNetFamily;

/// <summary>A global response norm: each channel weighed by its strength among the channels.</summary>
internal sealed class NormalizeResponse(GlobalResponseNorm norm) : NormOperation(norm)
{
    protected override long? Channels => norm.Channels;

    public override bool TakesChannelsLast => true;

    protected override long Statistics(long[] x) => 2 * x[0] * x[1];
}
