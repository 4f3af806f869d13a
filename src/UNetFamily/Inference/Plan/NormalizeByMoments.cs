namespace UNetFamily;

/// <summary>A group or instance norm with the channels last in memory, by <see cref="GroupMoments"/>.</summary>
internal sealed class NormalizeByMoments : KernelOperation
{
    private readonly GroupMoments moments;

    private NormalizeByMoments(Operation original, GroupMoments moments) : base(original) => this.moments = moments;

    /// <summary>A norm computed so; null where it can't be.</summary>
    /// <param name="operation">The norm.</param>
    /// <param name="x">The shape of its operand.</param>
    public static Func<Operation>? Of(Operation operation, long[] x)
    {
        if (x[1] % PanelProduct.Lanes != 0) return null;
        return operation switch
        {
            NormalizeGroups { Layer: TorchSharp.Modules.GroupNorm norm } => () => Made(norm.num_groups, norm.eps, norm.weight, norm.bias),
            NormalizeMap { IsPerSample: true, Layer: NormBase { track_running_stats: false } norm } => () => Made(norm.num_features, norm.eps, norm.weight, norm.bias),
            _ => null,
        };

        NormalizeByMoments Made(long groups, double eps, Tensor? weight, Tensor? bias) =>
            new(operation, new GroupMoments((int)x[1], (int)groups, eps, weight?.Numbers(), bias?.Numbers()));
    }

    public override void Run(Tensor[] x, Tensor y)
    {
        var positions = y.shape.Positions();
        ForSamples(x[0], y, (from, to, crew) => moments.Normalize(from, to, positions, crew, Rectifier));
    }

    protected override bool CanRectify => true;

    public override bool CanOverwrite(int operand) => true;
}
