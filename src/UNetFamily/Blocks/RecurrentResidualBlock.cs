namespace UNetFamily;

/// <summary>
/// Two recurrent convolutions with a shortcut: each unit is applied again and again to the sum of its input and what it gave last, with the same weights.
/// <code>
/// x → project → h → recur(unit1) → recur(unit2) → (+ h)
/// recur(unit): y = unit(x), then some times y = unit(x + y)
/// </code>
/// Alom et al.: Recurrent Residual Convolutional Neural Network based on U-Net (R2U-Net), 2018, arXiv 1802.06955, Fig. 4d; class <c>RRCNN_block</c> of LeeJunHyun/Image_Segmentation, <c>network.py</c>.
/// </summary>
public sealed class RecurrentResidualBlock : Block
{
    private readonly Convolution project;
    private readonly ConvNormAct first;
    private readonly ConvNormAct second;
    private readonly long steps;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="from">Channels of the input.</param>
    /// <param name="to">Channels of the output.</param>
    /// <param name="kernel">The kernel of the units, odd; 3 when left out.</param>
    /// <param name="norm">The norm of the units; batch when left out.</param>
    /// <param name="steps">How many times a unit is applied again.</param>
    /// <exception cref="ArgumentException">The kernel is even or not positive.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps is not positive.</exception>
    public RecurrentResidualBlock(SpatialDims dims, long from, long to, Extent? kernel = null, Normalization? norm = null, long steps = 2) : base(nameof(RecurrentResidualBlock))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        this.steps = steps;
        project = dims.Conv(from, to, kernel: 1);
        first = Unit();
        second = Unit();
        RegisterComponents();

        ConvNormAct Unit() => new(dims, to, to, (kernel ?? 3).OddKernel(nameof(kernel)), norm: norm ?? Normalization.Batch, bias: true);
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x)
    {
        var projected = x.Through(project);
        return projected + Recur(second, Recur(first, projected));
    }

    private FeatureMap Recur(ConvNormAct unit, FeatureMap x)
    {
        var y = x.Through(unit);
        for (var step = 0L; step < steps; step++) y = (x + y).Through(unit);
        return y;
    }
}
