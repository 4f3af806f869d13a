namespace UNetFamily;

/// <summary>
/// Two convolutions with a shortcut, in the form of ResNet-D: a shortcut that changes the size averages first and projects then.
/// <code>
/// x → conv1 (stride) → [dropout] → norm → activation → conv2 → norm → [drop path] → (+ shortcut(x)) → activation
/// shortcut: average over the stride, where there is one → 1x1 convolution and norm, where the channels change
/// </code>
/// He et al., Bag of Tricks for Image Classification, CVPR 2019, Fig. 2c; class <c>BasicBlockD</c> of nnU-Net's networks
/// (MIC-DKFZ/dynamic-network-architectures, <c>building_blocks/residual.py</c>).
/// </summary>
public sealed class BasicBlockD : Block, IResidualBlock
{
    private readonly ConvNormAct conv1;
    private readonly ConvNormAct conv2;
    private readonly DropPath dropPath;
    private readonly Module<Tensor, Tensor> skip;
    private readonly Module<Tensor, Tensor> activation;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output.</param>
    /// <param name="kernel">The kernel of both convolutions, odd; 3 when left out.</param>
    /// <param name="stride">The stride of the first convolution and of the shortcut; 1 when left out.</param>
    /// <param name="norm">The normalization after each convolution; none when left out.</param>
    /// <param name="activation">The activation; ReLU when left out.</param>
    /// <param name="bias">Whether the two convolutions learn a bias; when left out, exactly if there is no norm. The projection never does.</param>
    /// <param name="dropout">The dropout after the first convolution; none when left out.</param>
    /// <param name="dropPath">The probability of stochastic depth, from 0 to below 1.</param>
    /// <exception cref="ArgumentException">The kernel is even or not positive.</exception>
    public BasicBlockD(SpatialDims dims, long from, long to, Extent? kernel = null, Extent? stride = null, Normalization? norm = null,
        Activation? activation = null, bool? bias = null, Regularization? dropout = null, double dropPath = 0) : base(nameof(BasicBlockD))
    {
        var side = (kernel ?? 3).OddKernel(nameof(kernel));
        conv1 = new ConvNormAct(dims, from, to, side, stride, norm: norm, activation: activation, bias: bias, dropout: dropout);
        conv2 = new ConvNormAct(dims, to, to, side, norm: norm, activation: Activation.None, bias: bias);
        this.dropPath = new DropPath(dropPath);
        skip = Residual.Shortcut(dims, from, to, stride ?? 1, norm);
        this.activation = (activation ?? Activation.ReLU).Build(inPlace: true);
        RegisterComponents();
    }

    ConvNormAct IResidualBlock.Last => conv2;

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => (x.Through(conv1, conv2, dropPath) + x.Through(skip)).Through(activation);
}
