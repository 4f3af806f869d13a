namespace UNetFamily.Tests.Models.UNet;

public class UNetTests
{
    private static UNetOptions Small(SpatialDims dims) => new() { InChannels = 2, OutChannels = 3, SpatialDims = dims, Widths = [4, 8, 12] };

    public static TheoryData<SpatialDims, Upsampling> Forms() => new()
    {
        { SpatialDims.Two, Upsampling.Transposed },
        { SpatialDims.Two, Upsampling.Interpolated },
        { SpatialDims.Three, Upsampling.Transposed },
        { SpatialDims.Three, Upsampling.Interpolated },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Keeps_the_size_of_its_input_and_is_traced_truly(SpatialDims dims, Upsampling upsampling)
    {
        using var model = new UNetFamily.UNet(Small(dims) with { Upsampling = upsampling });
        long[] size = dims is SpatialDims.Two ? [13, 18] : [9, 12, 10];
        using var input = randn([2, 2, .. size]);
        using var output = model.call(input);

        output.Logits.shape.Should().Equal([2, 3, .. size]);
        output.Auxiliary.Should().BeEmpty();
        model.Summary(size).Layers[^1].Output.Axes.Should().Equal([3, .. size]);
    }

    [Theory]
    [InlineData(1, 18)]
    [InlineData(2, 44)]
    [InlineData(3, 92)]
    public void Without_padding_it_takes_the_sizes_that_work(int depth, long smallest)
    {
        ValueList<long> widths = [.. Enumerable.Repeat(2L, depth + 1)];
        using var model = new UNetFamily.UNet(UNetOptions.Paper2015() with { Widths = widths });
        model.eval();
        model.InputSizes.Cover([1, 1]).Should().Equal(smallest, smallest);

        using var input = randn(1, 1, smallest, smallest + (1 << depth));
        using var output = model.call(input);
        output.Logits.shape[2].Should().BePositive();

        model.Summary(input.shape.AsSpan(2)).Layers[^1].Output.Spatial.Should().Equal(output.Logits.shape[2..]);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Its_gradient_is_that_of_its_loss(SpatialDims dims, Upsampling upsampling)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        // GELU-free and smooth enough: instance norm keeps activations away from the kink of ReLU for a step this small.
        using var model = new UNetFamily.UNet(Small(dims) with { Upsampling = upsampling, Norm = Normalization.Instance });
        model.to(ScalarType.Float64);
        var input = randn(dims is SpatialDims.Two ? [1, 2, 16, 16] : [1, 2, 8, 8, 8], ScalarType.Float64);
        var weight = randn_like(model.call(input).Logits).detach();

        GradientCheck.RelativeError(model, () => (model.call(input).Logits * weight).sum(), step: 1e-7).Should().BeLessThan(1e-5);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Leaves_exactly_its_output_alive(SpatialDims dims, Upsampling upsampling)
    {
        using var model = new UNetFamily.UNet(Small(dims) with { Upsampling = upsampling });
        using var input = randn(dims is SpatialDims.Two ? [1, 2, 13, 16] : [1, 2, 9, 8, 8]);
        SegmentationOutput? output = null;

        NoLeaks.During(() => output = model.call(input)).Should().Be(1);
        NoLeaks.During(() => output!.Dispose()).Should().Be(-1);
    }

    [Fact]
    public void A_training_step_leaves_nothing_alive()
    {
        using var model = new UNetFamily.UNet(Small(SpatialDims.Two));
        using var input = randn(2, 2, 16, 16);
        NoLeaks.DuringTraining(model, input).Should().Be(0);
    }

    [Fact]
    public void Refuses_what_it_cannot_segment()
    {
        using var model = new UNetFamily.UNet(Small(SpatialDims.Two));
        using var unbatched = zeros(2, 16, 16);
        using var colour = zeros(1, 3, 16, 16);
        using var tiny = zeros(1, 2, 16, 3);
        using var integers = zeros([1, 2, 16, 16], ScalarType.Int64);

        model.Invoking(m => m.call(unbatched)).Should().Throw<ArgumentException>().WithParameterName("input")
            .WithMessage("UNet takes (N, C, H, W), 4 axes; input has 3: (2, 16, 16). Add the batch axis with input.unsqueeze(0).*");
        model.Invoking(m => m.call(colour)).Should().Throw<ArgumentException>().WithMessage("UNet was built with InChannels = 2; axis 1 (C) of input is 3.*");
        model.Invoking(m => m.call(tiny)).Should().Throw<ArgumentException>().WithMessage("UNet: width of input (axis 3) is 3; it takes 4 or more. Nearest: 4.*");
        model.Invoking(m => m.call(integers)).Should().Throw<ArgumentException>().WithMessage("*floating-point*Int64*");
    }

    [Fact]
    public void The_papers_network_names_the_nearest_size()
    {
        using var model = new UNetFamily.UNet(UNetOptions.Paper2015() with { Widths = [2, 2, 2, 2, 2] });
        using var input = zeros(1, 1, 572, 571);
        model.Invoking(m => m.call(input)).Should().Throw<ArgumentException>()
            .WithMessage("UNet: width of input (axis 3) is 571; it takes 188, 204, 220 and so on in steps of 16. Nearest: 556 or 572.*");
    }

    [Fact]
    public void Says_everything_that_is_wrong_with_options()
    {
        var options = new UNetOptions { InChannels = 0, OutChannels = 2, Widths = [8], Dropout = 1, Upsampling = Upsampling.Interpolated, UpActivation = true };
        options.Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage(
            "UNet: InChannels must be positive, is 0. Widths needs two levels or more, has 1. Dropout must be from 0 to below 1, is 1. " +
            "UpActivation and LastUpWidth belong to transposed convolutions, and Upsampling is Interpolated.");
    }

    [Fact]
    public void Options_print_and_compare_by_value()
    {
        Small(SpatialDims.Two).Should().Be(Small(SpatialDims.Two));
        Small(SpatialDims.Two).ToString().Should().Contain("Widths = [4, 8, 12]").And.Contain("Norm = Batch");
    }

    [Theory]
    [InlineData(false, 64, 48.17e9)]
    [InlineData(true, 64, 39.98e9)]
    [InlineData(true, 32, 10.03e9)]
    public void Costs_what_was_counted_at_256(bool bilinear, long width, double macs)
    {
        using var model = new UNetFamily.UNet(UNetOptions.Milesial(3, 2, bilinear) with { Widths = [width, 2 * width, 4 * width, 8 * width, 16 * width] });
        ((double)model.Summary(256, 256).Macs).Should().BeApproximately(macs, 0.005e9);
    }

    [Fact]
    public void The_papers_network_costs_150_billion_at_572()
    {
        using var model = new UNetFamily.UNet(UNetOptions.Paper2015());
        ((double)model.Summary(572, 572).Macs).Should().BeApproximately(150.4e9, 0.05e9);
    }
}
