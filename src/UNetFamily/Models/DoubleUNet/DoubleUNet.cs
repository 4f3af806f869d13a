namespace UNetFamily;

/// <summary>
/// Double U-Net: a first U-Net on VGG-19 makes a mask, and a second one looks at the masked image with the skips of both. Jha et al.: DoubleU-Net: A Deep Convolutional Neural Network for Medical Image
/// Segmentation, CBMS 2020, arXiv 2006.04868; Fig. 1. The form is the authors' PyTorch code, which differs from their older one for Keras in biases, pooling and interpolation.
/// </summary>
/// <remarks>
/// The logits are the second network's, the first one's are in <see cref="SegmentationOutput.Auxiliary"/>; both are at full resolution, and train on the same mask. With several classes, which the original has
/// not, the second network gets the image masked by each class, one after another.
/// </remarks>
public sealed class DoubleUNet : SegmentationModel
{
    private readonly ModuleList<Sequential> encoder1;
    private readonly AtrousPyramid pyramid1;
    private readonly ModuleList<DoubleUNetUpStage> up1;
    private readonly Convolution head1;
    private readonly ModuleList<Sequential> encoder2;
    private readonly Module<Tensor, Tensor> pool2;
    private readonly AtrousPyramid pyramid2;
    private readonly ModuleList<DoubleUNetUpStage> up2;
    private readonly Convolution head2;
    private readonly DoubleUNetOptions options;

    /// <summary>Builds the network with fresh weights.</summary>
    /// <param name="options">Its choices.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists them all.</exception>
    public DoubleUNet(DoubleUNetOptions options) : base(options)
    {
        this.options = options;
        var (dims, widths, vgg, depth) = (options.SpatialDims, options.Widths, options.VggWidths, options.Widths.Count);

        encoder1 = ModuleList([.. Enumerable.Range(0, depth + 1).Select(VggLevel)]);
        pyramid1 = new AtrousPyramid(dims, vgg[depth], options.PyramidWidth, options.Dilations, norm: options.Norm);
        up1 = Decoder(level => vgg[level]);
        head1 = dims.Conv(widths[0], options.OutChannels, kernel: 1);
        encoder2 = ModuleList([.. Enumerable.Range(0, depth).Select(level => level == 0
            ? Block(dims, options.InChannels * options.OutChannels, widths[0], options)
            : Sequential(("pool", dims.MaxPool(2)), ("block", Block(dims, widths[level - 1], widths[level], options))))]);
        pool2 = dims.MaxPool(2);
        pyramid2 = new AtrousPyramid(dims, widths[depth - 1], options.PyramidWidth, options.Dilations, norm: options.Norm);
        up2 = Decoder(level => vgg[level] + widths[level]);
        head2 = dims.Conv(widths[0], options.OutChannels, kernel: 1);
        RegisterComponents();

        options.Initialization.Apply(this);
        InputSizes = InputSizes.MultiplesOf(dims, 1L << depth, options.Norm.NeedsPositions ? 2 : 1);

        Sequential VggLevel(int level)
        {
            var layers = new List<(string, Module<Tensor, Tensor>)>();
            if (level > 0) layers.Add(("pool", dims.MaxPool(2)));
            for (var i = 0; i < options.VggConvs[level]; i++)
                layers.Add(($"conv{i}", new ConvNormAct(dims, i > 0 ? vgg[level] : level > 0 ? vgg[level - 1] : options.InChannels, vgg[level])));
            return Sequential(layers);
        }

        ModuleList<DoubleUNetUpStage> Decoder(Func<int, long> skip) => ModuleList([.. Enumerable.Range(0, depth).Reverse()
            .Select(level => new DoubleUNetUpStage(Block(dims, (level == depth - 1 ? options.PyramidWidth : widths[level + 1]) + skip(level), widths[level], options)))]);
    }

    /// <inheritdoc/>
    public override InputSizes InputSizes { get; }

    /// <summary>
    /// Loads the first encoder from a file of torchvision's VGG-19 without batch norms (<c>vgg19-….pth</c>), trained on ImageNet as the paper asks for. What comes after the features is not used. Channels and widths
    /// must be VGG-19's.
    /// </summary>
    /// <param name="checkpoint">The file.</param>
    /// <returns>What was loaded.</returns>
    /// <exception cref="CheckpointMismatchException">The file doesn't fit; the message has the whole difference, and the network is as it was.</exception>
    public LoadReport LoadVgg(Checkpoint checkpoint) => encoder1.Load(checkpoint, DoubleUNetKeyMaps.Torchvision(options));

    /// <inheritdoc/>
    protected override SegmentationMaps Flow(FeatureMap x)
    {
        var first = UShape.Levels(x.Through(encoder1[0]), encoder1.Skip(1));
        var mask = UShape.Rise([.. first[..^1], first[^1].Through(pyramid1)], up1).Through(head1);

        var second = UShape.Levels(Masked(x, mask.Sigmoid()).Through(encoder2[0]), encoder2.Skip(1));
        var skips = second.Zip(first, (own, other) => FeatureMap.Concat(other, own));
        return new SegmentationMaps(UShape.Rise([.. skips, second[^1].Through(pool2, pyramid2)], up2).Through(head2), mask);
    }

    private FeatureMap Masked(FeatureMap x, FeatureMap mask) => FeatureMap.Concat([.. Enumerable.Range(0, (int)options.OutChannels).Select(channel => x * mask.Narrow(channel, 1))]);

    /// <summary>Two convolutions, then squeeze and excitation (class <c>conv_block</c>).</summary>
    internal static Sequential Block(SpatialDims dims, long from, long to, DoubleUNetOptions options) =>
        Sequential(("conv", new DoubleConv(dims, from, to, options.Norm)), ("attention", new SqueezeExcitation(dims, to, options.Reduction)));
}
