namespace UNetFamily.Tests.Flow;

/// <summary>The layers of TorchSharp that are known without help: their shapes are those that come out, also with the settings that no network here uses.</summary>
public sealed class KnownLayerTests
{
    private static readonly Dictionary<string, (Func<Module<Tensor, Tensor>> Make, long[] Shape)> Layers = new()
    {
        ["convolution"] = (() => Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (2, 1)), [2, 4, 11, 9]),
        ["convolution, same"] = (() => Conv2d(4, 6, 3, padding: Padding.Same), [2, 4, 11, 9]),
        ["convolution, valid"] = (() => Conv3d(4, 6, 3, padding: Padding.Valid, groups: 2), [2, 4, 5, 6, 7]),
        ["convolution, circular"] = (() => Conv2d(4, 6, 3, padding: 1, padding_mode: PaddingModes.Circular), [2, 4, 5, 6]),
        ["convolution, replicated"] = (() => Conv2d(4, 6, 3, padding: 1, padding_mode: PaddingModes.Replicate), [2, 4, 5, 6]),
        ["transposed"] = (() => ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, output_padding: 1), [2, 4, 5, 6]),
        ["transposed, volumes"] = (() => ConvTranspose3d(4, 6, 2, stride: 2, groups: 2), [2, 4, 3, 4, 5]),
        ["linear"] = (() => Linear(9, 5), [2, 4, 9]),
        ["layer norm"] = (() => LayerNorm(9), [2, 4, 9]),
        ["group norm"] = (() => Normalization.Group(2).Build(SpatialDims.Two, 4), [2, 4, 9]),
        ["batch norm"] = (() => BatchNorm2d(4), [2, 4, 3, 3]),
        ["instance norm"] = (() => InstanceNorm3d(4), [2, 4, 3, 3, 3]),
        ["instance norm, learned"] = (() => InstanceNorm2d(4, affine: true), [2, 4, 3, 5]),
        ["instance norm, running"] = (() => InstanceNorm2d(4, track_running_stats: true), [2, 4, 3, 5]),
        ["max pool"] = (() => MaxPool2d(3, 2, 1), [2, 4, 8, 7]),
        ["average pool"] = (() => AvgPool3d(3, 2, 1), [2, 4, 8, 7, 6]),
        ["adaptive average pool"] = (() => AdaptiveAvgPool2d([2, 3]), [2, 4, 8, 7]),
        ["adaptive average pool, volumes"] = (() => AdaptiveAvgPool3d(1), [2, 4, 8, 7, 6]),
        ["adaptive max pool"] = (() => AdaptiveMaxPool2d([2, 3]), [2, 4, 8, 7]),
        ["dropout"] = (() => Dropout(0.5), [2, 4, 9]),
        ["softmax"] = (() => Softmax(1), [2, 4, 9]),
        ["hardswish"] = (() => Hardswish(), [2, 4, 9]),
        ["identity"] = (() => Identity(), [2, 4, 9]),
        ["nothing"] = (() => Sequential(), [2, 4, 9]),
    };

    public static TheoryData<string> Names() => new(Layers.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Has_the_shape_that_comes_out(string name)
    {
        using var scope = NewDisposeScope();
        var (make, shape) = Layers[name];
        using var layer = make();
        layer.eval();
        var input = rand(shape);
        var graph = layer.Describe(shape);
        var expected = layer.call(input);
        graph.Shape.Should().Equal(expected.shape);
        TensorAssert.Close(graph.Run(input)[0], expected, 1e-5);
    }

    [Theory]
    [InlineData("convolution", new long[] { 2, 5, 11, 9 }, "Conv2d takes 4 channels; the map is (2, 5, 11, 9), with 5.*")]
    [InlineData("convolution", new long[] { 2, 4, 11, 9, 9 }, "Conv2d takes 4 axes, (N, C, …spatial); the map is (2, 4, 11, 9, 9).*")]
    [InlineData("convolution", new long[] { 2, 4, 2, 1 }, "Conv2d with a kernel of 3 x 2 leaves nothing of the map (2, 4, 2, 1).*")]
    [InlineData("linear", new long[] { 2, 4, 8 }, "Linear takes 9 numbers on the last axis; the map is (2, 4, 8), with 8.*")]
    [InlineData("batch norm", new long[] { 2, 3, 4, 4 }, "BatchNorm2d takes 4 channels; the map is (2, 3, 4, 4), with 3.*")]
    [InlineData("max pool", new long[] { 2, 3, 0, 4 }, "MaxPool2d with a window of 3*leaves nothing*")]
    public void Says_what_does_not_fit(string name, long[] shape, string message)
    {
        using var layer = Layers[name].Make();
        layer.Invoking(l => l.Describe(shape)).Should().Throw<ArgumentException>().WithMessage(message);
    }
}
