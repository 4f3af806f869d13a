using Modules = TorchSharp.Modules;

namespace UNetFamily;

/// <summary>Which of its two tensors a layer's gradient needs.</summary>
internal enum LayerKeeps
{
    Nothing,
    Input,
    Output,
}

/// <summary>What autograd keeps for an activation of TorchSharp.</summary>
/// <param name="Kept">The tensor that its gradient is computed from.</param>
/// <param name="InPlace">Whether it writes over its input.</param>
/// <param name="Copies">Whether it does so although its gradient needs the input, which autograd then copies first.</param>
internal readonly record struct LayerActivation(LayerKeeps Kept, bool InPlace, bool Copies = false)
{
    /// <summary>What is known of a module; null when it isn't an activation.</summary>
    public static LayerActivation? Find(nn.Module module) => module switch
    {
        Modules.ReLU relu => new(LayerKeeps.Output, relu.inplace),
        Modules.Sigmoid sigmoid => new(LayerKeeps.Output, sigmoid.inplace),
        Modules.Tanh tanh => new(LayerKeeps.Output, tanh.inplace),
        Modules.Softmax => new(LayerKeeps.Output, InPlace: false),
        Modules.ReLU6 relu => ByEither(relu.inplace),
        Modules.LeakyReLU relu => ByEither(relu.inplace),
        Modules.ELU elu => ByEither(elu.inplace),
        Modules.SELU selu => ByEither(selu.inplace),
        Modules.GELU gelu => ByInput(gelu.inplace),
        Modules.SiLU silu => ByInput(silu.inplace),
        Modules.Mish mish => ByInput(mish.inplace),
        Modules.Hardswish hardswish => ByInput(hardswish.inplace),
        Modules.PReLU => ByInput(inPlace: false),
        _ => null,
    };

    /// <summary>The probability of a dropout.</summary>
    public static double Probability(nn.Module dropout) => dropout switch
    {
        Modules.Dropout any => any.p,
        Modules.Dropout2d any => any.p,
        Modules.Dropout3d any => any.p,
        Modules.AlphaDropout any => any.p,
        _ => 0,
    };

    // The sign of input and output are the same, so either will do.
    private static LayerActivation ByEither(bool inPlace) => new(inPlace ? LayerKeeps.Output : LayerKeeps.Input, inPlace);

    private static LayerActivation ByInput(bool inPlace) => inPlace ? new(LayerKeeps.Nothing, true, Copies: true) : new(LayerKeeps.Input, false);
}
