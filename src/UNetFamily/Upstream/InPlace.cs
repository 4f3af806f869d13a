namespace UNetFamily;

/// <summary>Activations that TorchSharp can't apply in place; see README.md beside this file.</summary>
internal static class InPlace
{
    /// <summary><c>elu_</c> computes a second tensor, which nobody disposes.</summary>
    public static Module<Tensor, Tensor> ELU(double alpha) => nn.ELU(alpha);

    /// <summary>It is a product with the input, which the gradient needs.</summary>
    public static Module<Tensor, Tensor> Mish() => nn.Mish();
}
