namespace UNetFamily;

/// <summary>
/// The transformer block of UNETR++: positions, efficient paired attention, and residual convolutions for what is near.
/// Shaker et al.: UNETR++, 2024, arXiv 2212.04497; Fig. 2, and <c>transformerblock.py</c> of the published code.
/// <code>
/// t = x + position
/// s = t + gamma · EPA(LayerNorm(t))
/// result = s + conv1x1(dropout(residual convolutions(s)))
/// </code>
/// </summary>
/// <remarks>Fresh weights are PyTorch's defaults, positions 0 and gamma 1e-6, so that attention starts almost silent.</remarks>
public sealed class TransformerBlock : Block
{
    private const double InitialGamma = 1e-6;

    private readonly Parameter gamma;
    private readonly Parameter? position;
    private readonly ChannelLayerNorm norm;
    private readonly EfficientPairedAttention attention;
    private readonly Sequential residual;
    private readonly Module<Tensor, Tensor> dropout;
    private readonly Convolution project;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="channels">Channels of the input, and of the output.</param>
    /// <param name="grid">The spatial size of the input; the block takes no other.</param>
    /// <param name="attention">The choices of its attention; the defaults when left out.</param>
    /// <param name="residualBlocks">How many residual blocks of two 3-wide convolutions with batch norm follow the attention.</param>
    /// <param name="dropout">The probability of dropping whole channels before the last convolution, 0 to below 1.</param>
    /// <param name="positions">Whether an embedding is learned for each position.</param>
    /// <exception cref="ArgumentException">The grid has another rank, or the options of the attention don't fit the channels.</exception>
    public TransformerBlock(SpatialDims dims, long channels, Extent grid, PairedAttentionOptions? attention = null, int residualBlocks = 1,
        double dropout = 0.1, bool positions = true) : base(nameof(TransformerBlock))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(residualBlocks);
        if (!grid.All(side => side > 0)) throw new ArgumentException($"Each side of the grid must be positive, it is {grid}.", nameof(grid));
        Grid = grid.Along(dims);
        var tokens = Grid.Aggregate(1L, (product, side) => product * side);

        gamma = Weight.Of(full(channels, InitialGamma));
        if (positions) position = Weight.Of(zeros(1, tokens, channels));
        norm = new ChannelLayerNorm(channels);
        this.attention = new EfficientPairedAttention(channels, tokens, attention);
        residual = Sequential([.. Enumerable.Range(0, residualBlocks).Select(_ => new BasicBlockD(dims, channels, channels, norm: Normalization.Batch, activation: Activation.LeakyReLU()))]);
        this.dropout = dims.ChannelDropout(dropout);
        project = dims.Conv(channels, channels, kernel: 1);
        RegisterComponents();
    }

    /// <summary>The spatial size that the block takes.</summary>
    internal long[] Grid { get; }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x)
    {
        Require(x.Axes);
        var tokens = x.Tokens();
        if (position is not null) tokens += x.Weight(position).Transpose(1, 2);
        var change = tokens.Through(norm, attention);
        var attended = tokens.AddCmul(x.Weight(gamma, gamma.shape[0], 1), change).Reshape(x.Axes);
        return attended.Through(residual, dropout, project) + attended;
    }

    private void Require(long[] input)
    {
        if (input.Length != Grid.Length + 2 || input[1] != gamma.shape[0] || !input.AsSpan(2).SequenceEqual(Grid))
            throw new ArgumentException($"{nameof(TransformerBlock)} was built for (N, {gamma.shape[0]}, {string.Join(", ", Grid)}); input is {input.Print()}.", nameof(input));
    }
}
