namespace UNetFamily;

/// <summary>The exact GELU, by <see cref="GaussianUnit"/>.</summary>
internal sealed class ActivateGaussian : KernelOperation
{
    private ActivateGaussian(Operation original) : base(original)
    {
    }

    /// <summary>An activation computed so; null for another activation.</summary>
    public static Func<Operation>? Of(Operation operation) =>
        PositionCompiler.FunctionOf(operation) is NumberFunction.Gaussian ? () => new ActivateGaussian(operation) : null;

    public override void Run(Tensor[] x, Tensor y)
    {
        using var crew = new Crew();
        GaussianUnit.Apply(x[0].Start(), y.Start(), y.numel(), crew);
        GC.KeepAlive(x);
        GC.KeepAlive(y);
    }

    public override bool CanOverwrite(int operand) => true;

    public override MemoryLayout LayoutOf(Tensor[] x) => x[0].is_contiguous() ? MemoryLayout.Contiguous : MemoryLayout.ChannelsLast;
}
