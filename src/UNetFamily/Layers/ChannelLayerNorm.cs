namespace UNetFamily;

/// <summary>
/// Layer normalization over the channels of each position of a channels-first tensor, with learned scale and shift: the norm of ConvNeXt
/// (Liu et al., 2022) between convolutions.
/// </summary>
public sealed class ChannelLayerNorm : Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter bias;
    private readonly double eps;

    /// <summary>A layer for tensors with <paramref name="channels"/> channels.</summary>
    /// <param name="channels">Channels of the input, at least 1.</param>
    /// <param name="eps">Added to the variance.</param>
    public ChannelLayerNorm(long channels, double eps = 1e-5) : base(nameof(ChannelLayerNorm))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        this.eps = eps;
        weight = Weight.Of(ones(channels));
        bias = Weight.Of(zeros(channels));
        RegisterComponents();
    }

    /// <summary>The channels that it was built for.</summary>
    internal long Channels => weight.shape[0];

    /// <summary>The learned scale and shift, and what is added to the variance.</summary>
    internal (Parameter Scale, Parameter Shift, double Eps) Numbers => (weight, bias, eps);

    /// <summary>Normalizes each position over its channels.</summary>
    /// <param name="input">(N, C, …spatial).</param>
    /// <returns>(N, C, …spatial).</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var channelsLast = functional.layer_norm(input.movedim([1], [-1]), [weight.shape[0]], weight, bias, eps);
        return channelsLast.movedim([-1], [1]).MoveToOuterDisposeScope();
    }
}
