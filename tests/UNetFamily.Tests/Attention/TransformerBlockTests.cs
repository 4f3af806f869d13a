namespace UNetFamily.Tests.Attention;

public class TransformerBlockTests
{
    private static readonly PairedAttentionOptions Small = new() { Heads = 2, ProjectedTokens = 5, ChannelDropout = 0, SpatialDropout = 0 };

    private static TransformerBlock Block(SpatialDims dims, int residualBlocks = 1, bool positions = true) =>
        new(dims, 8, dims is SpatialDims.Two ? (4, 3) : (2, 3, 4), Small, residualBlocks, dropout: 0, positions);

    private static long[] Shape(SpatialDims dims) => dims is SpatialDims.Two ? [2, 8, 4, 3] : [2, 8, 2, 3, 4];

    [Theory]
    [InlineData(SpatialDims.Two, 1, true)]
    [InlineData(SpatialDims.Two, 2, false)]
    [InlineData(SpatialDims.Three, 1, false)]
    [InlineData(SpatialDims.Three, 2, true)]
    public void Keeps_the_shape_and_has_the_gradient_of_its_output(SpatialDims dims, int residualBlocks, bool positions)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var block = Block(dims, residualBlocks, positions);
        block.to(ScalarType.Float64);
        var input = randn(Shape(dims), ScalarType.Float64);
        var output = block.call(input);
        var weight = randn_like(output).detach();

        output.shape.Should().Equal(input.shape);
        block.Describe(input.shape).Shape.Should().Equal(output.shape);
        GradientCheck.RelativeError(block, () => (block.call(input) * weight).sum(), step: 1e-7).Should().BeLessThan(1e-5);
        NoLeaks.During(() => block.call(input)).Should().Be(1);
        block.eval();
        using var noGradient = no_grad();
        NoLeaks.During(() => block.call(input)).Should().Be(1);
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Leaves_its_input_alone(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        using var block = Block(dims);
        var input = randn(Shape(dims));
        var before = input.clone();
        block.call(input);
        TensorAssert.Equal(input, before);
    }

    [Fact]
    public void Refuses_another_grid_and_a_wrong_rank()
    {
        using var block = Block(SpatialDims.Three);
        using var turned = zeros([1, 8, 4, 3, 2]);        // as many tokens
        block.Invoking(b => b.call(turned)).Should().Throw<ArgumentException>().WithMessage("TransformerBlock was built for (N, 8, 2, 3, 4); input is (1, 8, 4, 3, 2).*");
        FluentActions.Invoking(() => new TransformerBlock(SpatialDims.Three, 8, (4, 4))).Should().Throw<ArgumentException>().WithMessage("(4, 4) has 2 axes, the network has 3.*");
    }
}
