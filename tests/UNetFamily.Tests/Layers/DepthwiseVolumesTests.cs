namespace UNetFamily.Tests.Layers;

/// <summary>Depthwise convolutions of volumes with channels last against those in the usual order.</summary>
public class DepthwiseVolumesTests
{
    public static TheoryData<int, int, int, int, int> Shapes() => new()
    {
        // kernel on each axis, padding taken off, batch
        { 3, 3, 3, 0, 1 },
        { 5, 5, 5, 0, 2 },
        { 7, 3, 1, 0, 1 },
        { 1, 3, 3, 0, 2 },
        { 3, 1, 5, 1, 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Equals_the_convolution_of_the_volume(int depth, int height, int width, int less, int batch)
    {
        using var scope = NewDisposeScope();
        using var conv = SpatialDims.Three.Conv(6, 6, (depth, height, width), padding: (Math.Max(0, depth / 2 - less), height / 2, width / 2), groups: 6);
        var input = randn([batch, 6, 9, 7, 8]).requires_grad_();

        var expected = conv.call(input);
        var weight = randn_like(expected).detach();
        var wanted = Gradients(expected);
        var output = DepthwiseVolumes.Call(conv, input);
        TensorAssert.Close(output, expected, 1e-5);
        foreach (var (found, gradient) in Gradients(output).Zip(wanted)) TensorAssert.Close(found, gradient, 1e-4);

        using var noGradient = no_grad();
        TensorAssert.Equal(DepthwiseVolumes.Call(conv, input), output, "the output in training without gradients, as activation checkpointing computes it first");
        conv.eval();
        TensorAssert.Close(DepthwiseVolumes.Call(conv, input), expected, 1e-5);

        IList<Tensor> Gradients(Tensor result) => autograd.grad([(result * weight).sum()], [input, conv.weight, conv.bias!]);
    }

    [Fact]
    public void Leaves_other_convolutions_to_libtorch()
    {
        using var scope = NewDisposeScope();
        var volume = randn([1, 4, 6, 6, 6]);
        Module<Tensor, Tensor>[] others =
        [
            SpatialDims.Three.Conv(4, 4, kernel: 3), SpatialDims.Three.Conv(4, 8, kernel: 3, groups: 4), SpatialDims.Three.Conv(4, 4, kernel: 3, stride: 2, groups: 4),
            SpatialDims.Three.ConvTranspose(4, 4, kernel: 3, stride: 2, groups: 4),
        ];
        foreach (var conv in others) TensorAssert.Equal(DepthwiseVolumes.Call((Convolution)conv, volume), conv.call(volume));
        using var exact = SpatialDims.Three.Conv(4, 4, kernel: 3, groups: 4);
        exact.to(ScalarType.Float64);
        TensorAssert.Equal(DepthwiseVolumes.Call(exact, volume.to(ScalarType.Float64)), exact.call(volume.to(ScalarType.Float64)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Leaves_exactly_its_output_alive(bool training)
    {
        using var conv = SpatialDims.Three.Conv(4, 4, kernel: 3, groups: 4);
        conv.train(training);
        using var input = randn([1, 4, 5, 6, 7]);
        using var noGradient = no_grad();
        NoLeaks.During(() => DepthwiseVolumes.Call(conv, input).Dispose()).Should().Be(0);
    }
}
