namespace UNetFamily.Tests.Spatial;

public class ExtentTests
{
    [Fact]
    public void One_number_stands_for_all_axes()
    {
        Extent extent = 3;
        extent.Along(SpatialDims.Two).Should().Equal(3, 3);
        extent.Along(SpatialDims.Three).Should().Equal(3, 3, 3);
    }

    [Fact]
    public void Axes_keep_the_order_of_the_tensor()
    {
        Extent extent = (1, 3, 5);
        extent.Along(SpatialDims.Three).Should().Equal(1, 3, 5);
        extent.Select(n => n / 2).Should().Be((Extent)(0, 1, 2));
        extent.ToString().Should().Be("(1, 3, 5)");
    }

    [Fact]
    public void Refuses_another_rank_in_words()
    {
        Extent extent = (3, 3);
        extent.Invoking(e => e.Along(SpatialDims.Three)).Should().Throw<ArgumentException>().WithMessage("(3, 3) has 2 axes, the network has 3.*");
        FluentActions.Invoking(() => Extent.Of(1, 2, 3, 4)).Should().Throw<ArgumentException>();
    }
}
