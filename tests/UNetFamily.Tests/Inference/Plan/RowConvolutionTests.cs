namespace UNetFamily.Tests.Inference;

/// <summary>Convolutions by rows, of either direction, are the convolutions.</summary>
public sealed class RowConvolutionTests
{
    public static TheoryData<long[], long[], long[], long[]> Shapes => new()
    {
        { [1, 1, 9, 17], [16, 1, 3, 3], [1, 1], [1, 1] },
        { [2, 3, 20, 31], [64, 3, 3, 3], [1, 1], [1, 1] },
        { [1, 3, 33, 70], [48, 3, 7, 7], [2, 2], [3, 3] },
        { [1, 64, 12, 19], [3, 64, 1, 1], [1, 1], [0, 0] },
        { [1, 5, 8, 8], [18, 5, 4, 4], [4, 4], [0, 0] },
        { [1, 16, 5, 3], [40, 16, 3, 3], [1, 1], [0, 0] },
        { [2, 1, 6, 9, 13], [32, 1, 3, 3, 3], [1, 1, 1], [1, 1, 1] },
        { [1, 32, 9, 16, 11], [64, 32, 3, 3, 3], [2, 2, 2], [1, 1, 1] },
        { [1, 32, 4, 9, 9], [17, 32, 1, 3, 3], [1, 2, 2], [0, 1, 1] },
        { [1, 2, 8, 8, 8], [16, 2, 2, 4, 4], [2, 4, 4], [0, 0, 0] },
        { [1, 16, 1, 1, 1], [16, 16, 3, 3, 3], [1, 1, 1], [1, 1, 1] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_convolution_is_computed(long[] shape, long[] kernel, long[] stride, long[] padding)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (x, weights) = (randn(shape), new ConvolutionWeights(randn(kernel), randn(kernel[0])));
        var (exactX, exact, exactBias) = (x.to(ScalarType.Float64), weights.Kernel.to(ScalarType.Float64), weights.Bias!.to(ScalarType.Float64));
        var expected = shape.Length == 4 ? functional.conv2d(exactX, exact, exactBias, stride, padding) : functional.conv3d(exactX, exact, exactBias, stride, padding);
        using var convolution = new RowConvolution(weights, stride, padding);

        foreach (var layout in Enum.GetValues<MemoryLayout>())
        {
            var result = layout.Empty(expected.shape, x.dtype, x.device);
            KernelOperation.ForSamples(x.CopyIn(MemoryLayout.ChannelsLast), result, (from, to, crew) =>
                convolution.Run(from, DepthwiseGrid.InVolume(shape.AsSpan(2), 1), to, DepthwiseGrid.InVolume(result.shape.AsSpan(2), 1), layout is MemoryLayout.Contiguous, default, crew));

            // Sums of up to 900 products in float32.
            TensorAssert.Close(result, expected, 3e-6 * expected.abs().max().ToDouble(), layout.ToString());
        }
    }

    [Theory]
    [InlineData(new long[] { 2, 32, 5, 9 }, new long[] { 32, 16, 2, 2 }, new long[] { 2, 2 }, 0)]
    [InlineData(new long[] { 1, 16, 4, 16 }, new long[] { 16, 3, 3, 3 }, new long[] { 3, 3 }, 0)]
    [InlineData(new long[] { 1, 48, 3, 4, 5 }, new long[] { 48, 24, 2, 2, 2 }, new long[] { 2, 2, 2 }, 0)]
    [InlineData(new long[] { 1, 16, 2, 8, 8 }, new long[] { 16, 14, 2, 4, 4 }, new long[] { 2, 4, 4 }, 0)]
    [InlineData(new long[] { 1, 32, 6, 5, 7 }, new long[] { 32, 16, 1, 2, 2 }, new long[] { 1, 2, 2 }, 0)]
    [InlineData(new long[] { 2, 32, 4, 5, 8 }, new long[] { 32, 16, 1, 1, 1 }, new long[] { 2, 2, 2 }, 0)]
    [InlineData(new long[] { 1, 16, 4, 5 }, new long[] { 16, 20, 2, 1 }, new long[] { 3, 2 }, 1)]
    public void A_transposed_convolution_is_computed(long[] shape, long[] kernel, long[] stride, long more)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (x, weights) = (randn(shape), new ConvolutionWeights(randn(kernel), randn(kernel[1])));
        var (exactX, exact, exactBias) = (x.to(ScalarType.Float64), weights.Kernel.to(ScalarType.Float64), weights.Bias!.to(ScalarType.Float64));
        var expected = shape.Length == 4 ? functional.conv_transpose2d(exactX, exact, exactBias, stride, output_padding: [more, more]) : functional.conv_transpose3d(exactX, exact, exactBias, stride);
        using var convolution = new SpreadConvolution(weights, stride);

        var result = MemoryLayout.ChannelsLast.Empty(expected.shape, x.dtype, x.device);
        KernelOperation.ForSamples(x.CopyIn(MemoryLayout.ChannelsLast), result, (from, to, crew) => convolution.Run(from, DepthwiseGrid.InVolume(shape.AsSpan(2), 1), to, DepthwiseGrid.InVolume(result.shape.AsSpan(2), 1), crew));

        TensorAssert.Close(result, expected, 3e-6 * expected.abs().max().ToDouble());
    }
}
