namespace UNetFamily;

/// <summary>A layer norm over the last axes.</summary>
internal sealed class NormalizeLast(TorchSharp.Modules.LayerNorm norm) : NormOperation(norm)
{
    protected override long Statistics(long[] x) => 2 * x[0] * x[1];
}
