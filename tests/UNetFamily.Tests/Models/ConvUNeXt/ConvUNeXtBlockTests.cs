namespace UNetFamily.Tests.Models.ConvUNeXt;

public class ConvUNeXtBlockTests
{
    public static TheoryData<SpatialDims, Normalization> Forms() => new()
    {
        { SpatialDims.Two, Normalization.Batch },
        { SpatialDims.Two, Normalization.ChannelLayer },
        { SpatialDims.Two, Normalization.Group(2) },
        { SpatialDims.Three, Normalization.Batch },
        { SpatialDims.Three, Normalization.ChannelLayer },
        { SpatialDims.Three, Normalization.Group(2) },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Keeps_shape_and_gradient_with_every_norm(SpatialDims dims, Normalization norm)
    {
        using var block = dims is SpatialDims.Two ? new ConvUNeXtBlock(dims, 4, norm) : new ConvUNeXtBlock(dims, 4, norm, kernel: (1, 3, 5), expansion: 2, dropPath: 0);
        long[] shape = dims is SpatialDims.Two ? [2, 4, 4, 6] : [2, 4, 2, 3, 4];
        BlockCheck.Holds(block, shape, shape);
    }

    [Fact]
    public void Activates_after_the_sum_and_reflects_its_borders()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var block = new ConvUNeXtBlock(SpatialDims.Two, 1, Normalization.None, kernel: 3, expansion: 1);
        block.eval();
        var state = block.state_dict();
        foreach (var tensor in state.Values) tensor.zero_();
        state["branch.depthwise.weight"].select(-1, 0).fill_(1);         // sums the column to the left
        state["branch.expand.weight"].fill_(1);
        state["branch.compress.weight"].fill_(1);

        var output = block.call(tensor(new float[] { 1, 2, 3, 4 }, [1, 1, 2, 2]));
        // Reflection repeats neither edge, so that both rows and columns swap: left of (1, 2) is 2, above and below of (1, 3) is 3.
        var expected = new double[] { 1 + Gelu(4 + 2 + 4), 2 + Gelu(3 + 1 + 3), 3 + Gelu(2 + 4 + 2), 4 + Gelu(1 + 3 + 1) }.Select(x => (float)Gelu(x)).ToArray();
        TensorAssert.Close(output, tensor(expected, [1, 1, 2, 2]), 1e-5);

        static double Gelu(double x) => functional.gelu(tensor(x)).ToDouble();
    }

    [Fact]
    public void Drop_path_leaves_the_input()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using var block = new ConvUNeXtBlock(SpatialDims.Two, 2, kernel: 3, dropPath: 0.5);
        var input = randn(32, 2, 3, 3);
        var untouched = (block.call(input) - functional.gelu(input)).abs().amax([1, 2, 3]).eq(0).sum().ToInt32();
        untouched.Should().BeInRange(6, 26, "about half of 32 samples pass by");
    }

    [Fact]
    public void An_even_kernel_is_refused() =>
        FluentActions.Invoking(() => new ConvUNeXtBlock(SpatialDims.Two, 4, kernel: 4)).Should().Throw<ArgumentException>().WithMessage("*is 4. Nearest: 5.*");
}
