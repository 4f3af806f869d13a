namespace UNetFamily.Tests.Blocks;

public class SeparableConvTests
{
    public static TheoryData<Normalization, Activation> Middles() => new()
    {
        { Normalization.None, Activation.None },
        { Normalization.Batch, Activation.ReLU6 },
        { Normalization.Instance, Activation.LeakyReLU() },
    };

    [Theory]
    [MemberData(nameof(Middles))]
    public void Works_in_both_ranks_with_and_without_a_middle(Normalization norm, Activation activation)
    {
        using var flat = new SeparableConv(SpatialDims.Two, 3, 5, norm: norm, activation: activation);
        using var deep = new SeparableConv(SpatialDims.Three, 3, 5, kernel: (1, 3, 5), stride: (1, 2, 2), norm: norm, activation: activation);
        BlockCheck.Holds(flat, [2, 3, 6, 7], [2, 5, 6, 7]);
        BlockCheck.Holds(deep, [2, 3, 4, 7, 6], [2, 5, 4, 4, 3]);
    }

    [Fact]
    public void Is_a_depthwise_and_a_pointwise_convolution()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var block = new SeparableConv(SpatialDims.Two, 3, 5);
        var state = block.state_dict();
        state["depthwise.weight"].shape.Should().Equal(3, 1, 3, 3);
        state["pointwise.weight"].shape.Should().Equal(5, 3, 1, 1);

        // The two halves multiply to a full kernel of rank one per input channel.
        var full = state["pointwise.weight"] * state["depthwise.weight"].squeeze(1).unsqueeze(0);
        var input = randn(2, 3, 6, 7);
        var bias = state["pointwise.bias"] + state["pointwise.weight"].squeeze(3).squeeze(2).matmul(state["depthwise.bias"]);
        TensorAssert.Close(block.call(input), functional.conv2d(input, full, bias, padding: [1, 1]), 1e-5);
    }

    [Theory]
    [InlineData(1, 192, 256)]
    [InlineData(0.5, 96, 128)]
    [InlineData(0.001, 1, 1)]
    public void The_width_multiplier_thins_both_ends(double multiplier, long from, long to)
    {
        using var block = new SeparableConv(SpatialDims.Two, 192, 256, norm: Normalization.Batch, activation: Activation.ReLU, widthMultiplier: multiplier);
        (block.InChannels, block.OutChannels).Should().Be((from, to));
        Macs(block, from).Should().Be((9 * from + from * to) * 28 * 28, "that is the cost in MobileNet's Section 3.3");
        BlockCheck.Holds(block, [2, from, 3, 3], [2, to, 3, 3]);
    }

    [Fact]
    public void Costs_one_over_channels_plus_one_over_taps_of_a_full_convolution()
    {
        using var separable = new SeparableConv(SpatialDims.Two, 192, 256);
        using var full = SpatialDims.Two.Conv(192, 256, kernel: 3);
        Macs(separable, 192).Should().Be(39_889_920);
        Macs(full, 192).Should().Be(346_816_512);
        (39_889_920.0 / 346_816_512).Should().BeApproximately(1.0 / 256 + 1.0 / 9, 1e-12).And.BeApproximately(0.115, 0.0005);
    }

    [Fact]
    public void Narrowing_before_the_kernel_saves_weights_as_well()
    {
        using var narrowed = Sequential(("narrow", SpatialDims.Two.Conv(192, 32, kernel: 1, bias: false)), ("conv", SpatialDims.Two.Conv(32, 256, kernel: 3, bias: false)));
        using var full = SpatialDims.Two.Conv(192, 256, kernel: 3, bias: false);
        Weights(narrowed).Should().Be(79_872);
        Weights(full).Should().Be(442_368);
        Macs(narrowed, 192).Should().Be(79_872 * 28 * 28);

        static long Weights(Module<Tensor, Tensor> block) => block.parameters().Sum(parameter => parameter.numel());
    }

    [Theory]
    [InlineData(0, 4, 1, "from")]
    [InlineData(4, -1, 1, "to")]
    [InlineData(4, 4, 0, "widthMultiplier")]
    [InlineData(4, 4, double.NaN, "widthMultiplier")]
    public void Refuses_what_makes_no_layer(long from, long to, double multiplier, string parameter) =>
        FluentActions.Invoking(() => new SeparableConv(SpatialDims.Two, from, to, widthMultiplier: multiplier)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(parameter);

    private static long Macs(Module<Tensor, Tensor> block, long channels) => block.Describe(1, channels, 28, 28).Operations.Sum(operation => operation.Macs);
}
