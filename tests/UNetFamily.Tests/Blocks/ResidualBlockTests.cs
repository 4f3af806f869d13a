namespace UNetFamily.Tests.Blocks;

public class ResidualBlockTests
{
    public static TheoryData<SpatialDims, long[], Extent, long, long[]> Shapes() => new()
    {
        { SpatialDims.Two, [2, 4, 6, 8], 1, 4, [2, 4, 6, 8] },                     // the shortcut is the input
        { SpatialDims.Two, [2, 4, 6, 8], 1, 6, [2, 6, 6, 8] },                     // projects
        { SpatialDims.Two, [2, 4, 6, 8], 2, 4, [2, 4, 3, 4] },                     // averages
        { SpatialDims.Three, [2, 4, 3, 6, 8], (1, 2, 2), 6, [2, 6, 3, 3, 4] },     // averages and projects
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Keeps_every_shortcut_of_the_original(SpatialDims dims, long[] input, Extent stride, long to, long[] output)
    {
        using var basic = new BasicBlockD(dims, 4, to, stride: stride, norm: Normalization.Batch, activation: Activation.ELU());
        using var bottleneck = new BottleneckD(dims, 4, 3, to, stride: stride, norm: Normalization.Batch, activation: Activation.ELU());
        BlockCheck.Holds(basic, input, output);
        BlockCheck.Holds(bottleneck, input, output);
    }

    [Fact]
    public void A_shortcut_has_parameters_only_where_channels_change()
    {
        using var averaging = new BasicBlockD(SpatialDims.Two, 4, 4, stride: 2, norm: Normalization.Batch);
        using var projecting = new BasicBlockD(SpatialDims.Two, 4, 6, stride: 2, norm: Normalization.Batch, bias: true);
        averaging.state_dict().Keys.Should().NotContain(key => key.StartsWith("skip", StringComparison.Ordinal));
        projecting.named_parameters().Select(entry => entry.name).Where(name => name.StartsWith("skip", StringComparison.Ordinal))
            .Should().Equal("skip.1.conv.weight", "skip.1.norm.weight", "skip.1.norm.bias");
    }

    [Fact]
    public void Drop_path_leaves_the_shortcut()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using var block = new BottleneckD(SpatialDims.Two, 4, 2, 4, norm: Normalization.Batch, activation: Activation.None, dropPath: 0.5);
        var input = randn(32, 4, 3, 3);
        var untouched = (block.call(input) - input).abs().amax([1, 2, 3]).eq(0).sum().ToInt32();
        untouched.Should().BeInRange(6, 26, "about half of 32 samples keep their shortcut alone");
    }

    [Fact]
    public void An_even_kernel_is_refused()
    {
        FluentActions.Invoking(() => new BasicBlockD(SpatialDims.Two, 4, 4, kernel: (3, 4))).Should().Throw<ArgumentException>().WithParameterName("kernel")
            .WithMessage("The kernel must be odd and positive on every axis, is (3, 4). Nearest: (3, 5).*");
        FluentActions.Invoking(() => new BottleneckD(SpatialDims.Two, 4, 2, 4, kernel: 0)).Should().Throw<ArgumentException>().WithMessage("*is 0. Nearest: 1.*");
    }
}
