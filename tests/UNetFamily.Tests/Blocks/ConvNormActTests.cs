namespace UNetFamily.Tests.Blocks;

public class ConvNormActTests
{
    public static TheoryData<Activation> Activations() =>
    [
        Activation.None, Activation.ReLU, Activation.ReLU6, Activation.LeakyReLU(0.2), Activation.PReLU(), Activation.ELU(0.7), Activation.GELU,
        Activation.GELUTanh, Activation.SELU, Activation.SiLU, Activation.Mish, Activation.Hardswish, Activation.Sigmoid, Activation.Tanh,
    ];

    [Theory]
    [MemberData(nameof(Activations))]
    public void Its_gradient_survives_every_activation_in_either_order(Activation activation)
    {
        foreach (var order in Enum.GetValues<ConvOrder>())
        {
            using var block = new ConvNormAct(SpatialDims.Two, 2, 3, norm: Normalization.Batch, activation: activation, order: order);
            BlockCheck.Holds(block, [2, 2, 5, 6], [2, 3, 5, 6]);
        }
    }

    [Theory]
    [InlineData(SpatialDims.Two, new long[] { 2, 3, 9, 8 }, new long[] { 2, 4, 5, 8 })]
    [InlineData(SpatialDims.Three, new long[] { 2, 3, 4, 9, 8 }, new long[] { 2, 4, 4, 5, 8 })]
    public void Takes_kernel_stride_padding_and_dropout_in_both_ranks(SpatialDims dims, long[] input, long[] output)
    {
        Extent kernel = dims is SpatialDims.Two ? (3, 1) : (1, 3, 1), stride = dims is SpatialDims.Two ? (2, 1) : (1, 2, 1);
        using var block = new ConvNormAct(dims, 3, 4, kernel, stride, norm: Normalization.Instance, activation: Activation.Tanh, bias: true,
            dropout: Regularization.ChannelDropout(0.4), paddingMode: PaddingModes.Reflect);
        block.eval();
        BlockCheck.Holds(block, input, output);
    }

    [Fact]
    public void The_order_decides_what_comes_last()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var input = randn(4, 2, 8, 8);
        using var normLast = new ConvNormAct(SpatialDims.Two, 2, 3, norm: Normalization.Batch, order: ConvOrder.ConvActNorm);
        using var activationLast = new ConvNormAct(SpatialDims.Two, 2, 3, norm: Normalization.Batch);

        normLast.call(input).mean([0, 2, 3]).abs().max().ToSingle().Should().BeLessThan(1e-5f, "a batch norm centres each channel");
        activationLast.call(input).min().ToSingle().Should().Be(0, "ReLU comes last");
    }

    [Fact]
    public void Dropout_follows_the_convolution()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var block = new ConvNormAct(SpatialDims.Two, 2, 64, activation: Activation.None, dropout: Regularization.ChannelDropout(0.5));
        var input = randn(1, 2, 4, 4);
        var dropped = block.call(input);
        block.eval();
        var whole = block.call(input);

        var kept = dropped.abs().sum([0, 2, 3]).gt(0);
        kept.sum().ToInt32().Should().BeInRange(16, 48, "half of 64 channels are dropped");
        TensorAssert.Close(dropped, whole * 2 * kept.reshape(1, 64, 1, 1), 1e-5);
    }

    [Fact]
    public void Learns_a_bias_exactly_where_no_norm_cancels_it()
    {
        using var bare = new ConvNormAct(SpatialDims.Two, 2, 3);
        using var normed = new ConvNormAct(SpatialDims.Two, 2, 3, norm: Normalization.Batch);
        using var both = new ConvNormAct(SpatialDims.Two, 2, 3, norm: Normalization.Batch, bias: true);
        bare.state_dict().Keys.Should().Equal("conv.weight", "conv.bias");
        normed.state_dict().Keys.Should().NotContain("conv.bias");
        both.state_dict().Keys.Should().Contain("conv.bias");
    }
}
