namespace UNetFamily;

/// <summary>
/// The U-Net of nnU-Net: stacked convolutions, strided instead of pooled, transposed convolutions up, and logits from every stage of the decoder.
/// Isensee et al., nnU-Net, Nature Methods 18, 2021; class <c>PlainConvUNet</c> of MIC-DKFZ/dynamic-network-architectures, <c>architectures/unet.py</c>.
/// </summary>
public sealed class PlainConvUNet : SegmentationModel
{
    private readonly NnUNetEncoder encoder;
    private readonly NnUNetDecoder decoder;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public PlainConvUNet(PlainConvUNetOptions options) : base(options)
    {
        encoder = NnUNetEncoder.Plain(options);
        decoder = NnUNetDecoder.Plain(options, options.Order);
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = options.InputSizes;
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x) => decoder.Flow(encoder.Flow(x));
}
