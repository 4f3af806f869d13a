namespace UNetFamily;

/// <summary>
/// A convolution between two pointwise ones that narrow and widen the channels, with the shortcut of ResNet-D as in <see cref="BasicBlockD"/>.
/// The stride is that of the middle convolution.
/// <code>x → conv1 1x1 → norm → activation → conv2 (stride) → [dropout] → norm → activation → conv3 1x1 → norm → [drop path] → (+ shortcut(x)) → activation</code>
/// He et al., Bag of Tricks for Image Classification, CVPR 2019, Fig. 2c; class <c>BottleneckD</c> of nnU-Net's networks
/// (MIC-DKFZ/dynamic-network-architectures, <c>building_blocks/residual.py</c>).
/// </summary>
public sealed class BottleneckD : Block, IResidualBlock
{
    private readonly ConvNormAct conv1;
    private readonly ConvNormAct conv2;
    private readonly ConvNormAct conv3;
    private readonly DropPath dropPath;
    private readonly Module<Tensor, Tensor> skip;
    private readonly Module<Tensor, Tensor> activation;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="bottleneck">Channels in the middle.</param>
    /// <param name="to">Channels of the output.</param>
    /// <param name="kernel">The kernel of the middle convolution, odd; 3 when left out.</param>
    /// <param name="stride">The stride of the middle convolution and of the shortcut; 1 when left out.</param>
    /// <param name="norm">The normalization after each convolution; none when left out.</param>
    /// <param name="activation">The activation; ReLU when left out.</param>
    /// <param name="bias">Whether the three convolutions learn a bias; when left out, exactly if there is no norm. The projection never does.</param>
    /// <param name="dropout">The dropout after the middle convolution; none when left out.</param>
    /// <param name="dropPath">The probability of stochastic depth, from 0 to below 1.</param>
    /// <exception cref="ArgumentException">The kernel is even or not positive.</exception>
    public BottleneckD(SpatialDims dims, long from, long bottleneck, long to, Extent? kernel = null, Extent? stride = null, Normalization? norm = null,
        Activation? activation = null, bool? bias = null, Regularization? dropout = null, double dropPath = 0) : base(nameof(BottleneckD))
    {
        var side = (kernel ?? 3).OddKernel(nameof(kernel));
        conv1 = new ConvNormAct(dims, from, bottleneck, kernel: 1, norm: norm, activation: activation, bias: bias);
        conv2 = new ConvNormAct(dims, bottleneck, bottleneck, side, stride, norm: norm, activation: activation, bias: bias, dropout: dropout);
        conv3 = new ConvNormAct(dims, bottleneck, to, kernel: 1, norm: norm, activation: Activation.None, bias: bias);
        this.dropPath = new DropPath(dropPath);
        skip = Residual.Shortcut(dims, from, to, stride ?? 1, norm);
        this.activation = (activation ?? Activation.ReLU).Build(inPlace: true);
        RegisterComponents();
    }

    ConvNormAct IResidualBlock.Last => conv3;

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => (x.Through(conv1, conv2, conv3, dropPath) + x.Through(skip)).Through(activation);
}
