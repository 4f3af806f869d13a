namespace UNetFamily.Tests.Blocks;

public class LstmAttentionGateTests
{
    [Theory]
    [InlineData(SpatialDims.Two, new long[] { 6, 5 })]
    [InlineData(SpatialDims.Three, new long[] { 3, 4, 5 })]
    public void Gates_a_skip_of_other_channels_in_both_ranks(SpatialDims dims, long[] size)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var gate = new LstmAttentionGate(dims, signal: 5, skip: 3);
        gate.to(ScalarType.Float64);
        var (signal, skip) = (randn([2, 5, .. size], ScalarType.Float64), randn([2, 3, .. size], ScalarType.Float64));

        Recorder.Record(gate, maps => [maps[0].Through(gate, maps[1])], [signal.shape, skip.shape]).Nodes[^1].Shape.Should().Equal(skip.shape);
        BlockCheck.Holds(gate, () => gate.call(signal, skip), [2, 3, .. size]);
    }

    [Fact]
    public void Computes_the_gates_of_an_lstm()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var gate = new LstmAttentionGate(SpatialDims.Two, signal: 1, skip: 1);
        var state = gate.state_dict();
        Set("gates.weight", 0.5f, -1, 2);
        Set("gates.bias", 0.1f, 0.2f, 0.3f);
        Set("forget.weight", 3);
        Set("forget.bias", -1);
        Set("mix.weight", 2);
        Set("mix.bias", 0.25f);

        const double signal = 0.7, skip = -0.4;
        var keep = Sigmoid(3 * (0.5 * signal + 0.1 + skip) - 1);
        var added = Sigmoid(-signal + 0.2) * Math.Tanh(2 * signal + 0.3);
        var result = gate.call(full([1, 1, 1, 1], (float)signal), full([1, 1, 1, 1], (float)skip));
        result.ToDouble().Should().BeApproximately(2 * (keep * skip + added) + 0.25, 1e-6);

        void Set(string key, params float[] values) => state[key].copy_(tensor(values).reshape(state[key].shape));
        static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
    }

    [Fact]
    public void Asks_for_a_signal_of_the_skips_size()
    {
        using var gate = new LstmAttentionGate(SpatialDims.Two, signal: 1, skip: 1);
        using var signal = zeros(1, 1, 4, 4);
        using var skip = zeros(1, 1, 8, 8);
        gate.Invoking(g => g.call(signal, skip)).Should().Throw<ArgumentException>().WithParameterName("signal").WithMessage("*(8, 8), and has (4, 4)*Resampling.Resize*");
    }
}
