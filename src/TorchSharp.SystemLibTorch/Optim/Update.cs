using TorchSharp.Interop;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The in-place arithmetic that the update rules consist of.</summary>
internal static class Update
{
    private static readonly Operator mul = new("aten::mul_", "Scalar"), add = new("aten::add_", "Tensor"), addScalar = new("aten::add_", "Scalar"), div = new("aten::div_", "Scalar");
    private static readonly Operator addcmul = new("aten::addcmul_"), addcdiv = new("aten::addcdiv_"), sqrt = new("aten::sqrt"), sum = new("aten::add", "Tensor"), neg = new("aten::neg");

    /// <summary>target += factor * other</summary>
    internal static void Add(Tensor target, Tensor other, double factor = 1) => add.CallInPlace(target, other, factor);

    /// <summary>value + factor * other</summary>
    internal static Tensor Sum(Tensor value, Tensor other, double factor) => sum.Call(value, other, factor);

    /// <summary>target *= factor</summary>
    internal static void Scale(Tensor target, double factor) => mul.CallInPlace(target, factor);

    /// <summary>target = decay * target + (1 - decay) * value</summary>
    internal static void Average(Tensor target, Tensor value, double decay)
    {
        Scale(target, decay);
        Add(target, value, 1 - decay);
    }

    /// <summary>target = decay * target + (1 - decay) * value²</summary>
    internal static void AverageOfSquares(Tensor target, Tensor value, double decay)
    {
        Scale(target, decay);
        AddProduct(target, value, value, 1 - decay);
    }

    /// <summary>target += factor * a * b</summary>
    internal static void AddProduct(Tensor target, Tensor a, Tensor b, double factor) => addcmul.CallInPlace(target, a, b, factor);

    /// <summary>target += factor * a / b</summary>
    internal static void AddQuotient(Tensor target, Tensor a, Tensor b, double factor) => addcdiv.CallInPlace(target, a, b, factor);

    /// <summary>sqrt(value) / divisor + eps</summary>
    internal static Tensor Root(Tensor value, double divisor, double eps)
    {
        var root = sqrt.Call(value);
        if (divisor != 1) div.CallInPlace(root, divisor);
        addScalar.CallInPlace(root, eps);
        return root;
    }

    /// <summary>The gradient that a step uses, with the sign for maximising and the decay of weights; disposed by the caller.</summary>
    internal static Tensor? Gradient(Parameter parameter, bool maximize, double weightDecay)
    {
        var gradient = parameter.grad;
        if (gradient is null) return null;
        if (maximize)
        {
            using var ascent = gradient;
            gradient = neg.Call(ascent);
        }
        if (weightDecay == 0) return gradient;
        using var plain = gradient;
        return Sum(plain, parameter, weightDecay);
    }
}
