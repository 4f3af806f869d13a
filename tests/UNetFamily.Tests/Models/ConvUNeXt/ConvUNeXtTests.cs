using Xunit.Abstractions;

namespace UNetFamily.Tests.Models.ConvUNeXt;

public class ConvUNeXtTests(ITestOutputHelper report)
{
    private static ConvUNeXtOptions Small(SpatialDims dims, Upsampling upsampling) => new()
    {
        InChannels = 2,
        OutChannels = 3,
        SpatialDims = dims,
        Widths = [4, 8, 12],
        Depths = [1, 2, 1],
        Kernel = 3,
        Upsampling = upsampling,
    };

    public static TheoryData<SpatialDims, Upsampling> Forms() => new()
    {
        { SpatialDims.Two, Upsampling.Interpolated },
        { SpatialDims.Two, Upsampling.Transposed },
        { SpatialDims.Three, Upsampling.Interpolated },
        { SpatialDims.Three, Upsampling.Transposed },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Keeps_the_size_of_its_input_and_is_traced_truly(SpatialDims dims, Upsampling upsampling)
    {
        long[] size = dims is SpatialDims.Two ? [13, 18] : [9, 8, 10];
        foreach (var norm in new[] { Normalization.Batch, Normalization.ChannelLayer, Normalization.Group(2) })
        {
            using var model = new UNetFamily.ConvUNeXt(Small(dims, upsampling) with { Norm = norm });
            using var input = randn([2, 2, .. size]);
            using var output = model.call(input);
            output.Logits.shape.Should().Equal([2, 3, .. size]);
            model.Summary(size).Layers[^1].Output.Axes.Should().Equal([3, .. size]);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Its_gradient_is_that_of_its_loss_and_it_leaves_exactly_its_output(SpatialDims dims, Upsampling upsampling)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var model = new UNetFamily.ConvUNeXt(Small(dims, upsampling));
        model.to(ScalarType.Float64);
        var input = randn(dims is SpatialDims.Two ? [2, 2, 9, 8] : [2, 2, 8, 8, 9], ScalarType.Float64);
        BlockCheck.Holds(model, () => model.call(input).Logits, [2, 3, .. input.shape[2..]]);
    }

    [Fact]
    public void A_training_step_leaves_nothing_alive()
    {
        using var model = new UNetFamily.ConvUNeXt(Small(SpatialDims.Two, Upsampling.Interpolated));
        using var input = randn(2, 2, 16, 16);
        NoLeaks.DuringTraining(model, input).Should().Be(0);
    }

    [Theory]
    [InlineData(7, 64)]
    [InlineData(3, 32)]
    public void Reflection_sets_the_smallest_input(long kernel, long smallest)
    {
        using var model = new UNetFamily.ConvUNeXt(ConvUNeXtOptions.Official(1, 2, baseWidth: 2) with { Kernel = kernel });
        using var fits = randn(2, 1, smallest, smallest + 3);
        using var output = model.call(fits);
        output.Logits.shape.Should().Equal(2, 2, smallest, smallest + 3);

        using var tooSmall = zeros(1, 1, smallest, smallest - 1);
        model.Invoking(m => m.call(tooSmall)).Should().Throw<ArgumentException>()
            .WithMessage($"ConvUNeXt: width of input (axis 3) is {smallest - 1}; it takes {smallest} or more. Nearest: {smallest}.*");
    }

    [Fact]
    public void Its_gates_hold_an_eighth_of_its_parameters()
    {
        using var model = new UNetFamily.ConvUNeXt(ConvUNeXtOptions.Official(3, 2));
        model.named_parameters().Where(entry => entry.name.Contains(".gate.", StringComparison.Ordinal)).Sum(entry => entry.parameter.numel()).Should().Be(437_600);
    }

    /// <summary>
    /// The abstract says 20 % fewer parameters than U-Net. That is so for the interpolating forms of the same width, from 32 channels on, and exactly
    /// so at 64; with transposed convolutions it is 14 to 15 %.
    /// </summary>
    [Theory]
    [InlineData(16, true, 1_080_946, 901_154, 16.6)]
    [InlineData(32, true, 4_318_434, 3_505_730, 18.8)]
    [InlineData(48, true, 9_712_466, 7_813_730, 19.5)]
    [InlineData(64, true, 17_263_042, 13_825_154, 19.9)]
    [InlineData(128, true, 69_030_786, 54_905_090, 20.5)]
    [InlineData(16, false, 1_942_594, 1_699_154, 12.5)]
    [InlineData(32, false, 7_763_074, 6_668_450, 14.1)]
    [InlineData(48, false, 17_461_442, 14_907_890, 14.6)]
    [InlineData(64, false, 31_037_698, 26_417_474, 14.9)]
    [InlineData(128, false, 124_121_602, 105_157_250, 15.3)]
    public void Has_this_much_fewer_parameters_than_a_U_Net_of_its_width(long width, bool bilinear, long unetParameters, long parameters, double percentFewer)
    {
        using var ours = new UNetFamily.ConvUNeXt(ConvUNeXtOptions.Official(3, 2, width, bilinear));
        using var unet = new UNetFamily.UNet(UNetOptions.Milesial(3, 2, bilinear) with { Widths = [width, 2 * width, 4 * width, 8 * width, 16 * width] });
        var (count, unetCount) = (Count(ours), Count(unet));
        var fewer = 100.0 * (unetCount - count) / unetCount;
        report.WriteLine($"base {width}, {(bilinear ? "bilinear" : "transposed")}: U-Net {unetCount:N0}, ConvUNeXt {count:N0}, {fewer:f1} % fewer");

        unetCount.Should().Be(unetParameters);
        count.Should().Be(parameters);
        fewer.Should().BeApproximately(percentFewer, 0.05);

        static long Count(nn.Module module) => module.parameters().Sum(parameter => parameter.numel());
    }

    [Theory]
    [InlineData(256, 7.12e9, 10.03e9)]
    [InlineData(480, 25.05e9, 35.25e9)]
    public void Costs_what_was_counted(long side, double macs, double unetMacs)
    {
        using var ours = new UNetFamily.ConvUNeXt(ConvUNeXtOptions.Official(3, 2));
        using var unet = new UNetFamily.UNet(UNetOptions.Milesial(3, 2, bilinear: true) with { Widths = [32, 64, 128, 256, 512] });
        ((double)ours.Summary(side, side).Macs).Should().BeApproximately(macs, 0.005e9);
        ((double)unet.Summary(side, side).Macs).Should().BeApproximately(unetMacs, 0.005e9);
    }

    [Fact]
    public void Says_everything_that_is_wrong_with_options()
    {
        var options = Small(SpatialDims.Two, Upsampling.Interpolated) with { Depths = [1, 0], DecoderDepth = 0, Norm = Normalization.Group(3), Kernel = (3, 4), Expansion = 0 };
        options.Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage(
            "ConvUNeXt: Norm: 3 groups do not divide 4, 8, 12 channels. Nearest: 2. Depths needs an entry for each of the 3 Widths, has 2. Depths must be positive, are [1, 0]. " +
            "DecoderDepth must be positive, is 0. Kernel must be odd and positive, is (3, 4). Expansion must be positive, is 0.");
        (options with { Kernel = (3, 3, 3) }).Invoking(o => o.Build()).Should().Throw<ArgumentException>().WithMessage("*Kernel (3, 3, 3) does not have the 2 axes of SpatialDims.*");
    }
}
