namespace UNetFamily;

/// <summary>A batch norm, over the positions of all samples, or an instance norm, over those of each.</summary>
/// <param name="norm">The layer.</param>
/// <param name="perSample">Whether it is an instance norm.</param>
/// <param name="hasRunning">Whether it has running statistics, by which it normalizes in evaluation.</param>
/// <param name="isAffine">Whether scale and shift are learned.</param>
internal sealed class NormalizeMap(NormBase norm, bool perSample, bool hasRunning, bool isAffine) : NormOperation(norm)
{
    // An instance norm is a group norm with a group for each channel, whose kernel takes a tenth to half of the time on a CPU (libtorch 2.10); equal to rounding.
    public override Tensor Run(Tensor[] x) => perSample && !hasRunning && IsFaster(x[0]) && !Hooks.On(norm)
        ? functional.group_norm(x[0], norm.num_features, norm.weight!, norm.bias!, norm.eps)
        : base.Run(x);

    protected override long? Channels => norm.num_features;

    protected override bool IsRaised => !isAffine;

    protected override long Statistics(long[] x) => 2 * (perSample ? x[0] : 1) * x[1];

    public override string? Problem(long[][] x)
    {
        if (!norm.training && hasRunning || (perSample ? 1 : x[0][0]) * x[0].Positions() > 1) return null;
        return TooFew(x[0], perSample ? "two positions or more" : "two positions or samples or more") + (perSample ? " Nearest: an input twice as large on one axis." : " Nearest: a batch of 2, or an input twice as large on one axis.");
    }

    private bool IsFaster(Tensor x) => x.device_type is DeviceType.CPU && (x.dtype is ScalarType.Float32 or ScalarType.Float64) && (norm.weight is null || norm.weight.dtype == x.dtype);
}
