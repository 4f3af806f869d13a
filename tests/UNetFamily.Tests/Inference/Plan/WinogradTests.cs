namespace UNetFamily.Tests.Inference;

/// <summary>Winograd's filtering computes the convolution.</summary>
public sealed class WinogradTests
{
    public static TheoryData<long[], long[]> Shapes => new()
    {
        { [1, 16, 4, 4], [16, 16, 3, 3] },
        { [2, 16, 1, 1], [32, 16, 3, 3] },
        { [1, 32, 5, 7], [48, 32, 3, 3] },
        { [3, 48, 17, 9], [16, 48, 3, 3] },
        { [1, 64, 130, 67], [80, 64, 3, 3] },
        // Weights in groups of 32, and the map in parts.
        { [1, 512, 66, 70], [80, 512, 3, 3] },
        { [1, 16, 5, 6, 7], [16, 16, 3, 3, 3] },
        { [2, 32, 1, 4, 4], [32, 32, 3, 3, 3] },
        { [1, 16, 6, 9, 5], [48, 16, 1, 3, 3] },
        { [1, 16, 9, 12, 12], [16, 16, 5, 3, 3] },
        { [1, 32, 40, 33, 31], [32, 32, 3, 3, 3] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void It_is_the_convolution_to_rounding(long[] shape, long[] kernel)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (x, weights, bias) = (randn(shape), randn(kernel), randn(kernel[0]));
        using var convolution = new WinogradConvolution(weights, bias);

        var result = MemoryLayout.ChannelsLast.Empty([shape[0], kernel[0], .. shape[2..]], x.dtype, x.device);
        KernelOperation.ForSamples(x.CopyIn(MemoryLayout.ChannelsLast), result, (from, to, crew) => convolution.Run([from], [(int)shape[1]], to, shape.AsSpan(2), default, crew));

        var (exactX, exactWeights, exactBias) = (x.to(ScalarType.Float64), weights.to(ScalarType.Float64), bias.to(ScalarType.Float64));
        var expected = shape.Length == 4 ? functional.conv2d(exactX, exactWeights, exactBias, padding: [1, 1]) : functional.conv3d(exactX, exactWeights, exactBias, padding: [kernel[2] / 2, 1, 1]);
        // Lavin and Gray, table 2: F(4x4, 3x3) in float32 is some ten times less exact than the plain sum, which is at 2e-6 here.
        TensorAssert.Close(result, expected, 4e-5 * expected.abs().max().ToDouble());
    }

    [Fact]
    public void Only_what_it_computes_is_taken()
    {
        Takes(Conv2d(16, 32, 3, padding: 1)).Should().BeTrue();
        Takes(Conv3d(16, 16, (1, 3, 3), padding: (0, 1, 1))).Should().BeTrue();
        Takes(Conv2d(16, 32, 3, padding: 1, stride: 2)).Should().BeFalse();
        Takes(Conv2d(16, 32, 3, padding: 2, dilation: 2)).Should().BeFalse();
        Takes(Conv2d(16, 16, 3, padding: 1, groups: 16)).Should().BeFalse();
        Takes(Conv2d(3, 16, 3, padding: 1)).Should().BeFalse();
        Takes(Conv2d(16, 16, 5, padding: 2)).Should().BeFalse();
        Takes(Conv2d(16, 16, 3, padding: 1, dtype: ScalarType.Float64)).Should().BeFalse();
        Takes(ConvTranspose2d(16, 16, 3, padding: 1)).Should().BeFalse();

        static bool Takes(TorchSharp.Modules.Convolution convolution)
        {
            using (convolution) return WinogradConvolution.Takes(convolution, convolution.weight!);
        }
    }
}
