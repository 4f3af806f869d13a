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
public sealed class LstmAttentionGate : Module<Tensor, Tensor, Tensor>, ISkipGate
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

    /// <summary>Gates a skip; the signal stays as it is.</summary>
    /// <param name="signal">(N, signal, …spatial): the decoder's map.</param>
    /// <param name="skip">(N, skip, …spatial): the encoder's map, of the same spatial size.</param>
    /// <returns>(N, skip, …spatial): what takes the skip's place.</returns>
    /// <exception cref="ArgumentException">The spatial sizes differ.</exception>
    public override Tensor forward(Tensor signal, Tensor skip)
    {
        if (!signal.shape.AsSpan(2).SequenceEqual(skip.shape.AsSpan(2)))
            throw new ArgumentException($"The signal must have the spatial size of the skip, ({string.Join(", ", skip.shape[2..])}), and has ({string.Join(", ", signal.shape[2..])}). "
                + $"Bring it there with {nameof(Resampling)}.{nameof(Resampling.Resize)} or {nameof(Resampling)}.{nameof(Resampling.FitTo)}.", nameof(signal));

        using var scope = NewDisposeScope();
        var opened = gates.call(signal);
        var keep = forget.call(Part(0) + skip).sigmoid();
        var added = Part(1).sigmoid() * Part(2).tanh();
        return mix.call(added.addcmul_(keep, skip, 1)).MoveToOuterDisposeScope();

        Tensor Part(long index) => opened.narrow(1, index * mix.in_channels, mix.in_channels);
    }

    /// <summary>Follows both shapes through the gate; mirrors <see cref="forward"/>.</summary>
    /// <param name="tracer">Takes the layers in order.</param>
    /// <param name="signal">The shape of the signal.</param>
    /// <param name="skip">The shape of the skip.</param>
    /// <returns>The shape of the result, that of the skip.</returns>
    public TensorShape Trace(Tracer tracer, TensorShape signal, TensorShape skip)
    {
        ArgumentNullException.ThrowIfNull(tracer);
        return tracer.Block(() =>
        {
            var opened = tracer.Through(signal, gates);
            var keep = tracer.Computed(skip, kept: true, tracer.Through(tracer.Computed(skip, kept: false, skip, opened), forget));
            var (input, cell) = (tracer.Computed(skip, kept: true, opened), tracer.Computed(skip, kept: true, opened));
            tracer.Keep(skip);
            return tracer.Through(tracer.Computed(skip, kept: false, input, cell, keep, skip), mix);
        }, signal, skip);
    }
}
