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

    public override Tensor Run(Tensor[] x)
    {
        var result = empty_like(x[0]);
        Apply(x[0], result);
        return result;
    }

    public override bool CanOverwrite(int operand) => true;

    public override Tensor Overwrite(Tensor[] x, int operand)
    {
        Apply(x[0], x[0]);
        return x[0];
    }

    private static void Apply(Tensor x, Tensor y)
    {
        using var crew = new Crew();
        GaussianUnit.Apply(x.Start(), y.Start(), x.numel(), crew);
        GC.KeepAlive(x);
        GC.KeepAlive(y);
    }
}
