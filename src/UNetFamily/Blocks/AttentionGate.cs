namespace UNetFamily;

/// <summary>
/// Additive attention on a skip connection: a signal from the decoder says position by position how much of the skip goes on, from 0 to 1.
/// <code>
/// weight = sigmoid(norm(weigh(ReLU(norm(signal(g)) + norm(skip(x))))))
/// result = x * weight
/// </code>
/// All layers are 1x1 convolutions, and the weight is one for all channels. Oktay et al.: Attention U-Net, MIDL 2018, arXiv 1804.03999, Fig. 2, in the form without resampling of LeeJunHyun/Image_Segmentation
/// (<c>network.py</c>, class <c>Attention_block</c>) and MONAI. It fits any skip connection whose signal has the skip's size, for instance the upsampled map that the skip will be concatenated with; for a
/// coarser signal there is <see cref="GridAttentionGate"/>.
/// </summary>
public sealed class AttentionGate : Block2
{
    private readonly ConvNormAct signal;
    private readonly ConvNormAct skip;
    private readonly ConvNormAct weigh;
    private readonly Module<Tensor, Tensor> activation;

    /// <summary>Builds the gate.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="signal">Channels of the signal.</param>
    /// <param name="skip">Channels of the skip and of the result.</param>
    /// <param name="between">Channels in which the two are compared; half of the skip's, 1 at least, when left out.</param>
    /// <param name="norm">The norm after each convolution; batch when left out. The last one normalizes a single channel.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels is not positive.</exception>
    public AttentionGate(SpatialDims dims, long signal, long skip, long? between = null, Normalization? norm = null) : base(nameof(AttentionGate))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(signal);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(skip);
        var width = between ?? Math.Max(1, skip / 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width, nameof(between));

        this.signal = Pointwise(signal, width, Activation.None);
        this.skip = Pointwise(skip, width, Activation.None);
        weigh = Pointwise(width, 1, Activation.Sigmoid);
        activation = Activation.ReLU.Build(inPlace: true);
        RegisterComponents();

        ConvNormAct Pointwise(long from, long to, Activation activation) => new(dims, from, to, kernel: 1, norm: norm ?? Normalization.Batch, activation: activation, bias: true);
    }

    /// <param name="first">The signal, (N, signal, …spatial).</param>
    /// <param name="second">The skip, (N, skip, …spatial).</param>
    /// <returns>(N, skip, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap first, FeatureMap second)
    {
        Skips.RequireSize(first, second);
        return second * (first.Through(signal) + second.Through(skip)).Through(activation, weigh);
    }
}
