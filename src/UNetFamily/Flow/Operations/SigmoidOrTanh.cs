namespace UNetFamily;

public abstract partial class FeatureMap
{
    /// <summary>1 / (1 + exp(-x)) of each number.</summary>
    public FeatureMap Sigmoid() => Apply(new SigmoidOrTanh(isTanh: false), this);

    /// <summary>The hyperbolic tangent of each number.</summary>
    public FeatureMap Tanh() => Apply(new SigmoidOrTanh(isTanh: true), this);
}

/// <summary>Sigmoid or hyperbolic tangent. The gradient needs the result.</summary>
internal sealed class SigmoidOrTanh(bool isTanh) : Arithmetic
{
    /// <summary>Whether it is the hyperbolic tangent.</summary>
    public bool IsTanh => isTanh;

    public override bool TakesChannelsLast => true;

    public override string Name => isTanh ? "Tanh" : "Sigmoid";

    public override Tensor Run(Tensor[] x) => isTanh ? x[0].tanh() : x[0].sigmoid();

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) => MemoryUse.ByResult;

    public override bool CanOverwrite(int operand) => true;

    public override Tensor Overwrite(Tensor[] x, int operand) => isTanh ? x[0].tanh_() : x[0].sigmoid_();
}
