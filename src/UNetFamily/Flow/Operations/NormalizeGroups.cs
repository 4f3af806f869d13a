namespace UNetFamily;

/// <summary>A group norm, over the positions and channels of each group.</summary>
internal sealed class NormalizeGroups(TorchSharp.Modules.GroupNorm norm) : NormOperation(norm)
{
    public override Tensor Run(Tensor[] x) => !Hooks.On(norm) && GroupNormalization.Of(x[0], norm.num_groups, norm.eps, norm.weight, norm.bias) is { } moments ? moments.Call(x[0]) : base.Run(x);

    protected override long? Channels => norm.weight?.shape[0];

    protected override long Statistics(long[] x) => 2 * x[0] * x[1];

    public override bool TakesChannelsLast => true;

    public override string? Problem(long[][] x) => !norm.training || x[0][1] / norm.num_groups * x[0].Positions() > 1
        ? null
        : TooFew(x[0], "two positions or channels in a group or more") + " Nearest: an input twice as large on one axis.";
}
