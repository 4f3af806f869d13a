namespace UNetFamily;

/// <summary>The exact GELU, over its own input where autograd doesn't need that: x → x * Phi(x).</summary>
internal sealed class OverwritingGELU() : Module<Tensor, Tensor>(nameof(GELU))
{
    /// <param name="input">Any shape; overwritten when it requires no gradient.</param>
    /// <returns>The same shape.</returns>
    public override Tensor forward(Tensor input) => input.requires_grad ? input.gelu() : input.gelu_();      // a handle of its own, unlike other calls in place
}
