namespace UNetFamily;

/// <summary>
/// A <see cref="ShiftedMlp"/> with a layer norm before it and a shortcut around both.
/// <code>x → norm → shifted MLP → [drop path] → (+ x)</code>
/// Class <c>shiftedBlock</c> of jeya-maria-jose/UNeXt-pytorch, <c>archs.py</c>.
/// </summary>
public sealed class ShiftedMlpBlock : Block
{
    private readonly ChannelLayerNorm norm;
    private readonly ShiftedMlp mlp;
    private readonly DropPath dropPath;

    /// <summary>Builds the block.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="channels">Channels of input and output.</param>
    /// <param name="groups">How many groups of channels move; see <see cref="ShiftedMlp"/>.</param>
    /// <param name="dropout">The probability of dropout, 0 to below 1.</param>
    /// <param name="dropPath">The probability of stochastic depth, from 0 to below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public ShiftedMlpBlock(SpatialDims dims, long channels, long groups = 5, double dropout = 0, double dropPath = 0) : base(nameof(ShiftedMlpBlock))
    {
        norm = new ChannelLayerNorm(channels);
        mlp = new ShiftedMlp(dims, channels, groups, dropout);
        this.dropPath = new DropPath(dropPath);
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap x) => x + x.Through(norm, mlp, dropPath);
}
