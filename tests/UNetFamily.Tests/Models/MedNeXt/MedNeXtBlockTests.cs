namespace UNetFamily.Tests.Models.MedNeXt;

/// <summary>The three blocks on their own, as a user composes them.</summary>
public class MedNeXtBlockTests
{
    public static TheoryData<SpatialDims, string, bool> Blocks()
    {
        var blocks = new TheoryData<SpatialDims, string, bool>();
        foreach (var dims in new[] { SpatialDims.Two, SpatialDims.Three })
            foreach (var block in new[] { "block", "down", "up" })
                foreach (var everything in new[] { false, true }) blocks.Add(dims, block, everything);
        return blocks;
    }

    private static Module<Tensor, Tensor> Build(SpatialDims dims, string block, bool everything) => block switch
    {
        "block" => new MedNeXtBlock(dims, 4, expansion: 2, kernel: 3, norm: everything ? Normalization.ChannelLayer : null, residual: everything, responseNorm: everything),
        "down" => new MedNeXtDownBlock(dims, 4, 6, expansion: 2, kernel: 3, norm: everything ? Normalization.ChannelLayer : null, residual: everything, responseNorm: everything),
        _ => new MedNeXtUpBlock(dims, 4, 6, expansion: 2, kernel: 3, norm: everything ? Normalization.ChannelLayer : null, residual: everything, responseNorm: everything),
    };

    private static Tensor Input(SpatialDims dims, ScalarType type = ScalarType.Float32) => randn(dims is SpatialDims.Two ? [2, 4, 5, 8] : [2, 4, 3, 6, 5], type);

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Has_the_shape_that_is_described(SpatialDims dims, string kind, bool everything)
    {
        using var scope = NewDisposeScope();
        using var block = Build(dims, kind, everything);
        var input = Input(dims);
        var output = block.call(input);

        var sides = input.shape[2..].Select(side => kind switch { "block" => side, "down" => (side + 1) / 2, _ => 2 * side });
        output.shape.Should().Equal([2, kind == "block" ? 4 : 6, .. sides]);
        block.Describe(input.shape).Shape.Should().Equal(output.shape);
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Has_the_gradient_of_its_loss(SpatialDims dims, string kind, bool everything)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        using var block = Build(dims, kind, everything);
        block.to(ScalarType.Float64);
        var input = Input(dims, ScalarType.Float64);
        var weight = randn_like(block.call(input)).detach();
        GradientCheck.RelativeError(block, () => (block.call(input) * weight).sum()).Should().BeLessThan(1e-6);
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Leaves_exactly_its_output_alive(SpatialDims dims, string kind, bool everything)
    {
        using var block = Build(dims, kind, everything);
        using var input = Input(dims);
        Tensor? output = null;
        NoLeaks.During(() => output = block.call(input)).Should().Be(1);
        NoLeaks.During(() => output!.Dispose()).Should().Be(-1);

        using var noGradient = no_grad();
        NoLeaks.During(() => block.call(input).Dispose()).Should().Be(0);
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void An_up_block_is_exactly_zero_in_front(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        using var block = Build(dims, "up", everything: true);
        var output = block.call(Input(dims));
        for (var axis = 2; axis < output.dim(); axis++) output.narrow(axis, 0, 1).count_nonzero().ToInt64().Should().Be(0);
        output.narrow(2, 1, 1).count_nonzero().ToInt64().Should().BePositive();
    }

    [Fact]
    public void Kernels_may_differ_by_axis()
    {
        using var scope = NewDisposeScope();
        using var block = new MedNeXtBlock(SpatialDims.Three, 4, expansion: 2, kernel: (3, 5, 1));
        block.state_dict()["depthwise.weight"].shape.Should().Equal(4, 1, 3, 5, 1);
        block.call(randn([1, 4, 5, 6, 7])).shape.Should().Equal(1, 4, 5, 6, 7);
    }

    [Fact]
    public void Refuses_an_even_kernel()
    {
        FluentActions.Invoking(() => new MedNeXtBlock(SpatialDims.Two, 4, kernel: (3, 4))).Should().Throw<ArgumentException>()
            .WithParameterName("kernel").WithMessage("kernel must be odd and positive on each axis, is (3, 4). Nearest: (3, 5).*");
        FluentActions.Invoking(() => new MedNeXtUpBlock(SpatialDims.Two, 4, 2, kernel: 0)).Should().Throw<ArgumentException>().WithParameterName("kernel");
    }

    [Fact]
    public void Refuses_a_residual_between_different_widths() =>
        FluentActions.Invoking(() => new MedNeXtBlock(SpatialDims.Two, 4, 8)).Should().Throw<ArgumentException>()
            .WithParameterName("to").WithMessage("A residual needs as many channels out as in: from is 4, to is 8.*");

    [Fact]
    public void A_fresh_response_norm_changes_nothing()
    {
        using var scope = NewDisposeScope();
        using var norm = new GlobalResponseNorm(SpatialDims.Two, 3);
        var input = randn(2, 3, 4, 5);
        TensorAssert.Equal(norm.call(input), input);
    }

    [Fact]
    public void A_response_norm_weighs_channels_by_their_strength()
    {
        using var scope = NewDisposeScope();
        using var norm = new GlobalResponseNorm(SpatialDims.Two, 2);
        using (no_grad())
        {
            norm.state_dict()["gamma"].fill_(1);
            norm.state_dict()["beta"].fill_(0.5);
        }
        // Strengths 3 and 1 with a mean of 2: the first channel is weighed by 1.5, the second by 0.5.
        var input = tensor(new float[] { 3, 0, 0, 1 }, [1, 2, 1, 2]);
        TensorAssert.Close(norm.call(input), tensor(new float[] { 3 + 4.5f + 0.5f, 0.5f, 0.5f, 1 + 0.5f + 0.5f }, [1, 2, 1, 2]), 1e-5);
    }
}
