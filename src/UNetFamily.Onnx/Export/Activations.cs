using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>Activation layers.</summary>
internal static class Activations
{
    public static string Layer(Step step, Activate operation) => operation.Layer switch
    {
        Modules.ReLU => step.Add("Relu", step.Operands),
        Modules.ReLU6 => step.Add("Clip", [step.Operands[0], step.Writer.Number(0), step.Writer.Number(6)]),
        Modules.LeakyReLU relu => step.Add("LeakyRelu", step.Operands, ("alpha", relu.negative_slope)),
        Modules.ELU elu => step.Add("Elu", step.Operands, ("alpha", elu.alpha)),
        Modules.SELU => step.Add("Selu", step.Operands),
        Modules.Sigmoid => step.Add("Sigmoid", step.Operands),
        Modules.Tanh => step.Add("Tanh", step.Operands),
        Modules.SiLU => step.Add("Mul", [step.Operands[0], step.Add("Sigmoid", step.Operands)]),
        Modules.Mish => step.Add("Mul", [step.Operands[0], step.Add("Tanh", [step.Add("Softplus", step.Operands)])]),
        Modules.Hardswish => step.Add("HardSwish", step.Operands),
        Modules.GELU { approximate: Modules.GELU.Approximate.tanh } => Approximate(step),
        Modules.GELU or OverwritingGELU => Gelu(step),
        Modules.PReLU relu => step.Add("PRelu", [step.Operands[0], Slopes(step, relu.weight!)]),
        Modules.Softmax softmax => step.Add("Softmax", step.Operands, ("axis", softmax.dim)),
        var layer => throw step.Refuse($"{layer.GetType().Name} can't be written in ONNX."),
    };

    // x / 2 * (1 + erf(x / √2)), in which runtimes recognize it.
    private static string Gelu(Step step)
    {
        var (x, writer) = (step.Operands[0], step.Writer);
        var erf = step.Add("Erf", [step.Add("Div", [x, writer.Number(Math.Sqrt(2))])]);
        return step.Add("Mul", [step.Add("Mul", [x, step.Add("Add", [erf, writer.Number(1)])]), writer.Number(0.5)]);
    }

    // x / 2 * (1 + tanh(√(2 / π) * (x + 0.044715 x³)))
    private static string Approximate(Step step)
    {
        var (x, writer) = (step.Operands[0], step.Writer);
        var cubic = step.Add("Mul", [step.Add("Mul", [step.Add("Mul", [x, x]), x]), writer.Number(0.044715)]);
        var tanh = step.Add("Tanh", [step.Add("Mul", [step.Add("Add", [x, cubic]), writer.Number(Math.Sqrt(2 / Math.PI))])]);
        return step.Add("Mul", [step.Add("Mul", [x, step.Add("Add", [tanh, writer.Number(1)])]), writer.Number(0.5)]);
    }

    private static string Slopes(Step step, Tensor slopes) => slopes.numel() == 1 ? step.Weight("weight", slopes) : step.Weight("weight", slopes, [slopes.numel(), .. Enumerable.Repeat(1L, step.SpatialAxes)]);
}
