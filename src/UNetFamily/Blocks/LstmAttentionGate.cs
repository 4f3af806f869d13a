namespace UNetFamily;

/// <summary>
/// Attention on a skip connection with the gates of an LSTM: a signal from the decoder decides position by position what of the skip is kept, and what is added to it.
/// <code>
/// f, i, c = split(gates(signal))
/// state   = sigmoid(forget(f + skip)) * skip + sigmoid(i) * tanh(c)
/// result  = mix(state)
/// </code>
/// All layers are pointwise and linear. Han, Jian, Wang: ConvUNeXt, Knowledge-Based Systems 253, 2022, 109512; <c>src/ConvUNeXt.py</c>, class <c>Up</c>.
/// It fits any skip connection whose signal has the skip's size, for instance the upsampled map that the skip will be concatenated with.
/// </summary>
public sealed class LstmAttentionGate : Block2
{
    private readonly Convolution gates;
    private readonly Convolution forget;
    private readonly Convolution mix;

    /// <summary>Builds the gate.</summary>
    /// <param name="dims">The rank.</param>
    /// <param name="signal">Channels of the signal.</param>
    /// <param name="skip">Channels of the skip and of the result.</param>
    public LstmAttentionGate(SpatialDims dims, long signal, long skip) : base(nameof(LstmAttentionGate))
    {
        gates = dims.Conv(signal, 3 * skip, kernel: 1);
        forget = dims.Conv(skip, skip, kernel: 1);
        mix = dims.Conv(skip, skip, kernel: 1);
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override FeatureMap Flow(FeatureMap signal, FeatureMap skip)
    {
        Skips.RequireSize(signal, skip);
        var (forgotten, input, cell) = signal.Through(gates).Split3();
        var keep = (forgotten + skip).Through(forget).Sigmoid();
        return (input.Sigmoid() * cell.Tanh()).AddCmul(keep, skip).Through(mix);
    }
}
