namespace UNetFamily;

/// <summary>
/// Additive attention on a skip connection by a coarser signal: both are compared on a grid that is coarser than the skip, and the weight of each cell, from 0 to 1, is interpolated to the skip's size.
/// <code>
/// weight = sigmoid(weigh(ReLU(skip(x) + resize(signal(g)))))
/// result = norm(mix(x * resize(weight)))
/// </code>
/// <c>skip</c> is a convolution whose kernel is its stride, the others are 1x1. The signal can have any size. Oktay et al.: Attention U-Net, MIDL 2018, arXiv 1804.03999, Fig. 2; the authors' code is
/// ozan-oktay/Attention-Gated-Networks, <c>models/layers/grid_attention_layer.py</c>. For a signal of the skip's size there is <see cref="AttentionGate"/>.
/// </summary>
public sealed class GridAttentionGate : Block2
{
    private readonly Convolution signal;
    private readonly Convolution skip;
    private readonly Convolution weigh;
    private readonly ConvNormAct mix;
    private readonly Module<Tensor, Tensor> activation;

    /// <summary>Builds the gate.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="signal">Channels of the signal.</param>
    /// <param name="skip">Channels of the skip and of the result.</param>
    /// <param name="between">Channels in which the two are compared; the skip's when left out.</param>
    /// <param name="stride">How many positions of the skip make a cell of the grid; 2 when left out. No side of the skip may be smaller.</param>
    /// <param name="norm">The norm of the result; batch when left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of channels is not positive.</exception>
    public GridAttentionGate(SpatialDims dims, long signal, long skip, long? between = null, Extent? stride = null, Normalization? norm = null) : base(nameof(GridAttentionGate))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(signal);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(skip);
        var width = between ?? skip;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width, nameof(between));

        this.signal = dims.Conv(signal, width, kernel: 1);
        this.skip = dims.Conv(skip, width, kernel: stride ?? 2, stride: stride ?? 2, padding: 0, bias: false);
        weigh = dims.Conv(width, 1, kernel: 1);
        mix = new ConvNormAct(dims, skip, skip, kernel: 1, norm: norm ?? Normalization.Batch, activation: Activation.None, bias: true);
        activation = Activation.ReLU.Build(inPlace: true);
        RegisterComponents();
    }

    /// <param name="first">The signal, (N, signal, …any spatial).</param>
    /// <param name="second">The skip, (N, skip, …spatial).</param>
    /// <returns>(N, skip, …spatial).</returns>
    protected override FeatureMap Flow(FeatureMap first, FeatureMap second)
    {
        var cells = second.Through(skip);
        var weight = (cells + first.Through(signal).ResizeTo(cells, alignCorners: false)).Through(activation, weigh).Sigmoid();
        return (second * weight.ResizeTo(second, alignCorners: false)).Through(mix);
    }
}
