namespace UNetFamily;

/// <summary>
/// nnU-Net's U-Net with a residual encoder: a stem and stages of ResNet-D blocks on the way down, plain convolutions on the way up.
/// Isensee et al., nnU-Net Revisited, MICCAI 2024, arXiv 2404.09556; class <c>ResidualEncoderUNet</c> of MIC-DKFZ/dynamic-network-architectures,
/// <c>architectures/unet.py</c>.
/// </summary>
public sealed class ResidualEncoderUNet : SegmentationModel
{
    private readonly NnUNetEncoder encoder;
    private readonly NnUNetDecoder decoder;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public ResidualEncoderUNet(ResidualEncoderUNetOptions options) : base(options)
    {
        encoder = NnUNetEncoder.Residual(options);
        decoder = NnUNetDecoder.Plain(options);
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = options.InputSizes;
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x) => decoder.Flow(encoder.Flow(x));
}
