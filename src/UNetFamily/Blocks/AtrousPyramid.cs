namespace UNetFamily;

/// <summary>
/// Atrous spatial pyramid pooling: convolutions with kernels spread ever wider see a map at several scales, and a pooled branch sees all of it.
/// <code>
/// x → pool to a few cells → 1x1 → resize ┐
/// x → 1x1                                ├ → concatenate → 1x1
/// x → 3x3, for each dilation             ┘
/// </code>
/// Norm and ReLU follow each convolution. Chen et al.: Rethinking Atrous Convolution for Semantic Image Segmentation, 2017, arXiv 1706.05587, Fig. 5; in the form of DebeshJha/2020-CBMS-DoubleU-Net,
/// <c>doubleunet_pytorch.py</c>, class <c>ASPP</c>, which pools to 2x2 cells.
/// </summary>
public sealed class AtrousPyramid : Block
{
    private readonly ConvNormAct pooled;
    private readonly ModuleList<ConvNormAct> branches;
    private readonly ConvNormAct fuse;
    private readonly Extent cells;

    /// <summary>Builds the branches.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of each branch and of the output.</param>
    /// <param name="dilations">The dilations; 6, 12, 18 when left out.</param>
    /// <param name="cells">How many cells the pooled branch has on each axis; 2 when left out, 1 in the paper.</param>
    /// <param name="norm">The norm after each convolution; batch when left out.</param>
    public AtrousPyramid(SpatialDims dims, long from, long to, ValueList<long>? dilations = null, Extent? cells = null, Normalization? norm = null) : base(nameof(AtrousPyramid))
    {
        var spread = dilations ?? [6, 12, 18];
        this.cells = cells ?? 2;
        pooled = Unit(from, kernel: 1);
        branches = ModuleList([Unit(from, kernel: 1), .. spread.Select(dilation => Unit(from, kernel: 3, dilation))]);
        fuse = Unit((spread.Count + 2) * to, kernel: 1);
        RegisterComponents();

        ConvNormAct Unit(long channels, long kernel, long dilation = 1) => new(dims, channels, to, kernel, norm: norm ?? Normalization.Batch, bias: false, dilation: dilation);
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) =>
        FeatureMap.Concat([x.AdaptiveAvgPool(cells).Through(pooled).ResizeTo(x, alignCorners: true), .. branches.Select(branch => x.Through(branch))]).Through(fuse);
}
