namespace UNetFamily;

/// <summary>
/// Global response normalization: each channel is weighed by its strength among the channels (Woo et al.: ConvNeXt V2, 2023, Section 3,
/// Algorithm 1). Fresh, it changes nothing.
/// <code>x + gamma * x * g / (mean of g over the channels + eps) + beta, with g = the L2 norm of each channel over space</code>
/// </summary>
public sealed class GlobalResponseNorm : Module<Tensor, Tensor>
{
    private readonly Parameter gamma;
    private readonly Parameter beta;
    private readonly double eps;

    /// <summary>A layer for tensors with <paramref name="channels"/> channels.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="channels">Channels of the input, at least 1.</param>
    /// <param name="eps">Added to the mean.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is not positive.</exception>
    public GlobalResponseNorm(SpatialDims dims, long channels, double eps = 1e-6) : base(nameof(GlobalResponseNorm))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        this.eps = eps;
        long[] shape = [1, channels, .. Enumerable.Repeat(1L, (int)dims)];
        gamma = Weight.Of(zeros(shape));
        beta = Weight.Of(zeros(shape));
        RegisterComponents();
    }

    /// <summary>The channels that it was built for.</summary>
    internal long Channels => gamma.shape[1];

    /// <summary>The learned gamma and beta, (1, C, 1, …), and what is added to the mean.</summary>
    internal (Parameter Gamma, Parameter Beta, double Eps) Numbers => (gamma, beta, eps);

    /// <summary>Weighs the channels.</summary>
    /// <param name="input">(N, C, …spatial).</param>
    /// <returns>(N, C, …spatial).</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var strength = input.flatten(2).norm(dim: -1);
        var relative = (strength / (strength.mean([1], keepdim: true) + eps)).reshape([-1, .. gamma.shape[1..]]);
        // One pass over the map: beta + x * (1 + gamma * n).
        return beta.addcmul(input, gamma * relative + 1, 1).MoveToOuterDisposeScope();
    }
}
