namespace UNetFamily;

/// <summary>
/// Squeeze and excitation: each channel is weighed, from 0 to 1, by what the means of all channels say.
/// <code>x * sigmoid(excite(ReLU(squeeze(mean of x))))</code>
/// Hu, Shen, Sun: Squeeze-and-Excitation Networks, CVPR 2018, arXiv 1709.01507, Fig. 1.
/// </summary>
public sealed class SqueezeExcitation : Block
{
    private readonly Convolution squeeze;
    private readonly Convolution excite;
    private readonly Module<Tensor, Tensor> activation;

    /// <summary>Builds the two layers, which have biases.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="channels">Channels of input and output.</param>
    /// <param name="reduction">How many times narrower the middle is, at least one channel; 16 in the paper.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public SqueezeExcitation(SpatialDims dims, long channels, long reduction = 16) : base(nameof(SqueezeExcitation))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(reduction);
        var middle = Math.Max(1, channels / reduction);
        squeeze = dims.Conv(channels, middle, kernel: 1);
        excite = dims.Conv(middle, channels, kernel: 1);
        activation = Activation.ReLU.Build(inPlace: true);
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => x * x.AdaptiveAvgPool(1).Through(squeeze, activation, excite).Sigmoid();
}
