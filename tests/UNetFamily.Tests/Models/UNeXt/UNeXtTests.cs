namespace UNetFamily.Tests.Models.UNeXt;

public class UNeXtTests
{
    private static UNeXtOptions Small(SpatialDims dims) => new() { InChannels = 2, OutChannels = 3, SpatialDims = dims, Widths = [3, 4, 6, 7] };

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Its_gradient_is_that_of_its_loss_and_it_leaves_exactly_its_output(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);         // another one may put a ReLU between both sides of the difference
        using var model = Small(dims).Build();
        model.to(ScalarType.Float64);
        long[] size = dims is SpatialDims.Two ? [16, 32] : [16, 16, 32];
        var input = randn([2, 2, .. size], ScalarType.Float64);
        BlockCheck.Holds(model, () => model.call(input).Logits, [2, 3, .. size]);
        model.Describe(size).UsesSizes.Should().BeFalse();
    }

    [Fact]
    public void A_training_step_leaves_nothing_alive()
    {
        using var model = (Small(SpatialDims.Two) with { Dropout = 0.2, DropPath = 0.4 }).Build();
        using var input = randn(2, 2, 32, 32);
        NoLeaks.DuringTraining(model, input).Should().Be(0);
    }

    [Theory]
    [InlineData("unext", 562_003_968)]
    [InlineData("unext-s", 99_229_696)]
    public void Its_products_are_those_of_the_original(string name, long macs)
    {
        using var model = ModelCatalog.Find(name).Options.Build();
        model.Summary(256, 256).Macs.Should().Be(macs);
    }

    [Fact]
    public void It_takes_any_channels_and_says_which_sizes()
    {
        using var scope = NewDisposeScope();
        using var model = UNeXtOptions.Small(1, 2).Build();
        model.call(randn(2, 1, 64, 32)).Logits.shape.Should().Equal(2, 2, 64, 32);
        model.Invoking(m => m.call(zeros(1, 1, 48, 32))).Should().Throw<ArgumentException>().WithMessage("UNeXt: height of input (axis 2) is 48; it takes multiples of 32. Nearest: 32 or 64.*");
    }

    [Fact]
    public void Problems_are_all_named() =>
        FluentActions.Invoking((Small(SpatialDims.Two) with { Widths = [4, 0], ShiftGroups = 0, Dropout = 1, DropPath = -0.5 }).Build).Should().Throw<ArgumentException>()
            .WithMessage("UNeXt: Widths needs three levels or more, two of which are tokens; it has 2. Widths must be positive, are [4, 0]. ShiftGroups must be positive, is 0. "
                + "Dropout must be from 0 to below 1, is 1. DropPath must be from 0 to below 1, is -0.5.*");
}
