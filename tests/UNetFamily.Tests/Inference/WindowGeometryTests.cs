namespace UNetFamily.Tests.Inference;

/// <summary>Places and weights of windows. The expected numbers are what MONAI's <c>dense_patch_slices</c> and <c>compute_importance_map</c> (d388d1c6) give.</summary>
public class WindowGeometryTests
{
    [Theory]
    [InlineData(100, 32, 0.25, new long[] { 0, 24, 48, 68 })]
    [InlineData(100, 32, 0.5, new long[] { 0, 16, 32, 48, 64, 68 })]
    [InlineData(97, 32, 0.625, new long[] { 0, 12, 24, 36, 48, 60, 65 })]
    [InlineData(32, 32, 0.5, new long[] { 0 })]
    [InlineData(33, 32, 0, new long[] { 0, 1 })]
    [InlineData(64, 32, 0, new long[] { 0, 32 })]
    [InlineData(65, 32, 0.25, new long[] { 0, 24, 33 })]
    [InlineData(10, 3, 0.9, new long[] { 0, 1, 2, 3, 4, 5, 6, 7 })]
    [InlineData(7, 4, 0.99, new long[] { 0, 1, 2, 3 })]
    [InlineData(512, 96, 0.25, new long[] { 0, 72, 144, 216, 288, 360, 416 })]
    public void Windows_lie_where_those_of_MONAI_lie(long image, long window, double overlap, long[] starts) => WindowGrid.Starts(image, window, overlap).Should().Equal(starts);

    [Fact]
    public void A_small_image_lies_in_the_middle_of_its_window()
    {
        WindowGrid.Starts(image: 5, window: 8, overlap: 0.5).Should().Equal(-1);
        new WindowGrid([5, 20], [8, 8], [0.5]).Inside(axis: 0, start: -1).Should().Be((1, 0, 5));
    }

    [Fact]
    public void The_last_axis_runs_fastest()
    {
        var grid = new WindowGrid([4, 6, 8], [4, 4, 4], [0.5]);
        (grid.Count, grid.CountPerRow).Should().Be((6, 6));
        Enumerable.Range(0, 6).Select(index => string.Join(' ', grid.StartOf(index))).Should().Equal("0 0 0", "0 0 2", "0 0 4", "0 2 0", "0 2 2", "0 2 4");
    }

    [Fact]
    public void Gaussian_weights_are_those_of_MONAI()
    {
        using var scope = NewDisposeScope();
        var flat = ImportanceMap.Gaussian([4, 5], [0.125], ScalarType.Float32, CPU);
        var edge = tensor(new[] { 0.001f, 0.00308872f, 0.011109f, 0.00308872f, 0.001f });
        var middle = tensor(new[] { 0.00362464f, 0.16863815f, 0.60653067f, 0.16863815f, 0.00362464f });
        TensorAssert.Close(flat, stack([edge, middle, middle, edge]), 1e-7, "the map of an even and an odd side");

        var deep = ImportanceMap.Gaussian([8, 6, 7], [0.125, 0.25, 0.2], ScalarType.Float64, CPU);
        deep.sum().ToDouble().Should().BeApproximately(31.40097427, 1e-5);
        deep[0, 0, 0].ToDouble().Should().BeApproximately(0.001, 1e-9);
        deep[3, 2, 3].ToDouble().Should().BeApproximately(0.83480626, 1e-7);
        deep[2, 1, 5].ToDouble().Should().BeApproximately(0.07097638, 1e-7);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(14)]
    [InlineData(300)]
    public void The_largest_channel_is_the_first_of_the_largest(long channels)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var logits = randint(-2, 3, [channels, 9, 3, 7], ScalarType.Float32);
        var view = logits.narrow(1, 2, 5);
        var labels = ChannelArgmax.Of(view);
        labels.dtype.Should().Be(channels > 256 ? ScalarType.Int16 : ScalarType.Byte);

        // Larger numbers for earlier channels break ties as they should be broken.
        var unambiguous = view.to(ScalarType.Float64) - arange(channels, ScalarType.Float64).reshape(channels, 1, 1, 1) * 1e-6;
        TensorAssert.Equal(labels, channels == 1 ? view[0].gt(0).to(ScalarType.Byte) : unambiguous.argmax(0).to(labels.dtype));
        if (channels > 1) TensorAssert.Equal(ChannelArgmax.Of(unambiguous), labels, "the way for other types");
        NoLeaks.During(() => ChannelArgmax.Of(view)).Should().Be(1);
    }
}
