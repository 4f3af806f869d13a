using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>An activation layer: each number by itself.</summary>
/// <param name="layer">The layer.</param>
/// <param name="keepsResult">Whether its gradient is computed from its result, else from its operand.</param>
/// <param name="inPlace">Whether it writes over its operand.</param>
/// <param name="copies">Whether it does so although its gradient needs the operand, which autograd then copies first.</param>
/// <param name="onlyUnrecorded">Whether it does so only where no gradients are recorded.</param>
internal sealed class Activate(Module<Tensor, Tensor> layer, bool keepsResult, bool inPlace = false, bool copies = false, bool onlyUnrecorded = false) : LayerOperation(layer)
{
    /// <summary>The activations that are known; null for another module.</summary>
    public static Activate? Find(Module<Tensor, Tensor> layer) => layer switch
    {
        Modules.ReLU relu => ByResult(layer, relu.inplace),
        Modules.Sigmoid sigmoid => ByResult(layer, sigmoid.inplace),
        Modules.Tanh tanh => ByResult(layer, tanh.inplace),
        Modules.ReLU6 relu => ByEither(layer, relu.inplace),
        Modules.LeakyReLU relu => ByEither(layer, relu.inplace),
        Modules.ELU elu => ByEither(layer, elu.inplace),
        Modules.SELU selu => ByEither(layer, selu.inplace),
        Modules.GELU gelu => ByOperand(layer, gelu.inplace),
        Modules.SiLU silu => ByOperand(layer, silu.inplace),
        Modules.Mish mish => ByOperand(layer, mish.inplace),
        Modules.Hardswish hardswish => ByOperand(layer, hardswish.inplace),
        Modules.PReLU => ByOperand(layer, inPlace: false),
        Modules.Softmax => ByResult(layer, inPlace: false),
        OverwritingGELU => new(layer, keepsResult: false, inPlace: true, onlyUnrecorded: true),
        _ => null,
    };

    public override long[] Shape(long[][] x) => x[0];

    public override bool Overwrites(bool recording) => inPlace && !(recording && onlyUnrecorded);

    // A softmax goes over an axis.
    public override bool TakesChannelsLast => Layer is not Modules.Softmax;

    public override MemoryUse Memory(long[][] x, long[] y, MemoryMode mode) =>
        copies ? MemoryUse.None with { KeptBytes = mode.BytesPerNumber * y.Elements() }
        : keepsResult ? MemoryUse.ByResult
        : MemoryUse.KeepsFirst;

    public override PixelFields? Fields(PixelFields?[] fields, long[][] x, long[] y) => fields[0];

    private static Activate ByResult(Module<Tensor, Tensor> layer, bool inPlace) => new(layer, keepsResult: true, inPlace);

    // The sign of operand and result are the same, so either will do.
    private static Activate ByEither(Module<Tensor, Tensor> layer, bool inPlace) => new(layer, keepsResult: inPlace, inPlace);

    private static Activate ByOperand(Module<Tensor, Tensor> layer, bool inPlace) => new(layer, keepsResult: false, inPlace, copies: inPlace);
}
