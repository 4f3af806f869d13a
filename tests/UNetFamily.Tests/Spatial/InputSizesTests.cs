namespace UNetFamily.Tests.Spatial;

public class InputSizesTests
{
    [Fact]
    public void Finds_the_size_to_pad_to()
    {
        InputSizes.MultiplesOf(SpatialDims.Two, 16).Cover([37, 48]).Should().Equal(48, 48);
        InputSizes.From(SpatialDims.Two, 188, 16).Cover([10, 190]).Should().Equal(188, 204);
        InputSizes.AtLeast(SpatialDims.Three, 16).Cover([5, 16, 17]).Should().Equal(16, 16, 17);
    }

    [Fact]
    public void Knows_a_single_size()
    {
        var only = InputSizes.Only(SpatialDims.Three, (64, 128, 128));
        only.Contains([64, 128, 128]).Should().BeTrue();
        only.Contains([64, 128, 129]).Should().BeFalse();
        only.Invoking(sizes => sizes.Cover([65, 128, 128])).Should().Throw<ArgumentException>().WithMessage("depth 65 is over the largest, 64.*");
        only.Problem([60, 128, 128]).Should().Be("depth of input (axis 2) is 60; it takes 64 only. Nearest: 64.");
    }

    [Theory]
    [InlineData(37, "width of input (axis 3) is 37; it takes multiples of 16. Nearest: 32 or 48.")]
    [InlineData(3, "width of input (axis 3) is 3; it takes multiples of 16. Nearest: 16.")]
    public void Names_axis_value_and_neighbours(long width, string problem) =>
        InputSizes.MultiplesOf(SpatialDims.Two, 16).Problem([32, width]).Should().Be(problem);
}
