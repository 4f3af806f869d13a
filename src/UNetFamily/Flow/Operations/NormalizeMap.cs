namespace UNetFamily;

/// <summary>A batch norm, over the positions of all samples, or an instance norm, over those of each.</summary>
/// <param name="norm">The layer.</param>
internal sealed class NormalizeMap(NormBase norm) : NormOperation(norm)
{
    /// <summary>The layer.</summary>
    public NormBase Norm => norm;

    // An instance norm is a group norm with a group for each channel, whose kernel takes a tenth to half of the time on a CPU (libtorch 2.10); equal to rounding.
    public override Tensor Run(Tensor[] x) => !IsPerSample || norm.track_running_stats || Hooks.On(norm) ? base.Run(x)
        : GroupNormalization.Of(x[0], norm.num_features, norm.eps, norm.weight, norm.bias) is { } moments ? moments.Call(x[0])
        : IsFaster(x[0]) ? functional.group_norm(x[0], norm.num_features, norm.weight!, norm.bias!, norm.eps)
        : base.Run(x);

    /// <summary>The factor and the shift of each channel, in float64, where they don't depend on the input, as of a batch norm in evaluation; null where they do.</summary>
    public (Tensor Factor, Tensor Shift)? Constant()
    {
        if (!IsConstant || norm is not { running_mean: { } mean, running_var: { } variance }) return null;
        var factor = (variance.to(ScalarType.Float64) + norm.eps).rsqrt();
        if (norm.weight is { } weight) factor *= weight.to(ScalarType.Float64);
        var shift = -mean.to(ScalarType.Float64) * factor;
        if (norm.bias is { } bias) shift += bias.to(ScalarType.Float64);
        return (factor, shift);
    }

    /// <summary>Whether it doesn't depend on the input.</summary>
    public bool IsConstant => !norm.training && norm.track_running_stats && norm is { running_mean: not null, running_var: not null };

    /// <summary>Whether it normalizes each sample by itself.</summary>
    public bool IsPerSample => norm is TorchSharp.Modules.InstanceNorm1d or TorchSharp.Modules.InstanceNorm2d or TorchSharp.Modules.InstanceNorm3d;

    protected override long? Channels => norm.num_features;

    protected override bool IsRaised => !norm.affine;

    protected override long Statistics(long[] x) => 2 * (IsPerSample ? x[0] : 1) * x[1];

    public override bool TakesChannelsLast => true;

    public override string? Problem(long[][] x)
    {
        if (!norm.training && norm.track_running_stats || (IsPerSample ? 1 : x[0][0]) * x[0].Positions() > 1) return null;
        return TooFew(x[0], IsPerSample ? "two positions or more" : "two positions or samples or more") + (IsPerSample ? " Nearest: an input twice as large on one axis." : " Nearest: a batch of 2, or an input twice as large on one axis.");
    }

    private bool IsFaster(Tensor x) => x.device_type is DeviceType.CPU && (x.dtype is ScalarType.Float32 or ScalarType.Float64) && (norm.weight is null || norm.weight.dtype == x.dtype);
}
