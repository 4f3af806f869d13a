namespace UNetFamily.Tests.Flow;

/// <summary>How maps of different sizes are brought together.</summary>
public sealed class FittingTests
{
    private static Tensor Range(params long[] shape) => arange(1, shape.Aggregate(1L, (product, side) => product * side) + 1, ScalarType.Float32).reshape(shape);

    [Fact]
    public void Pads_the_rest_behind()
    {
        using var scope = NewDisposeScope();
        var padded = PadTo(Range(1, 1, 1, 2), zeros([1, 1, 2, 5]));
        TensorAssert.Equal(padded, tensor(new float[] { 0, 1, 2, 0, 0, 0, 0, 0, 0, 0 }, [1, 1, 2, 5]));
    }

    [Fact]
    public void Cuts_out_the_centre()
    {
        using var scope = NewDisposeScope();
        var cropped = CropTo(Range(1, 1, 3, 4), zeros([1, 7, 1, 2]));
        TensorAssert.Equal(cropped, tensor(new float[] { 6, 7 }, [1, 1, 1, 2]));
    }

    [Fact]
    public void Fits_each_axis_as_it_needs()
    {
        using var scope = NewDisposeScope();
        var fitted = FitTo(Range(1, 1, 1, 3, 1), zeros([1, 2, 2, 1, 1]));
        TensorAssert.Equal(fitted, tensor(new float[] { 2, 0 }, [1, 1, 2, 1, 1]));
    }

    [Fact]
    public void Returns_a_handle_of_its_own_and_leaves_nothing_else()
    {
        using var scope = NewDisposeScope();
        var (map, same, other) = (Range(1, 2, 4, 4), zeros([1, 1, 4, 4]), zeros([1, 1, 5, 3]));
        foreach (var fit in new Func<Tensor, Tensor, Tensor>[] { PadTo, CropTo, FitTo }) NoLeaks.During(() => fit(map, same)).Should().Be(1);
        NoLeaks.During(() => FitTo(map, other)).Should().Be(1);

        FitTo(map, same).Dispose();
        map.IsInvalid.Should().BeFalse();
    }

    [Fact]
    public void Refuses_to_pad_to_less_and_to_cut_to_more()
    {
        using var scope = NewDisposeScope();
        var (small, large) = (zeros([1, 1, 2, 2]), zeros([1, 1, 4, 4]));
        FluentActions.Invoking(() => PadTo(large, small)).Should().Throw<ArgumentException>().WithMessage("A map is padded with no less than nothing; (1, 1, 4, 4) should get *");
        FluentActions.Invoking(() => CropTo(small, large)).Should().Throw<ArgumentException>().WithMessage("(1, 1, 2, 2) is too small to be cut to (4, 4).*");
    }

    private static Tensor PadTo(Tensor map, Tensor target) => new Fitting((x, to) => x.PadTo(to)).call(map, target);

    private static Tensor CropTo(Tensor map, Tensor target) => new Fitting((x, to) => x.CropTo(to)).call(map, target);

    private static Tensor FitTo(Tensor map, Tensor target) => new Fitting((x, to) => x.FitTo(to)).call(map, target);

    private sealed class Fitting(Func<FeatureMap, FeatureMap, FeatureMap> fit) : Block2(nameof(Fitting))
    {
        protected override FeatureMap Flow(FeatureMap first, FeatureMap second) => fit(first, second);
    }
}
