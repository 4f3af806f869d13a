namespace UNetFamily;

/// <summary>
/// A <see cref="ResidualEncoderUNet"/> whose decoder has residual blocks as well, always <see cref="BasicBlockD"/>: class <c>ResidualUNet</c> of
/// MIC-DKFZ/dynamic-network-architectures, <c>architectures/unet.py</c>.
/// </summary>
public sealed class ResidualUNet : SegmentationModel
{
    private readonly NnUNetEncoder encoder;
    private readonly NnUNetDecoder decoder;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public ResidualUNet(ResidualUNetOptions options) : base(options)
    {
        encoder = NnUNetEncoder.Residual(options);
        decoder = NnUNetDecoder.Residual(options);
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = options.InputSizes;
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x) => decoder.Flow(encoder.Flow(x));
}
