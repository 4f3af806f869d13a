using UNetFamily.Samples.ComposeYourOwn;

namespace UNetFamily.Tests.Samples;

/// <summary>A network of a user's own, from outside the library, is checked, traced and tidy as the library's are.</summary>
public class ComposeYourOwnTests
{
    private static GatedNestOptions Options(SpatialDims dims) => new() { InChannels = 2, OutChannels = 3, SpatialDims = dims, Widths = [4, 6] };

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void Keeps_the_size_of_its_input_is_traced_truly_and_leaves_its_output_alone(SpatialDims dims)
    {
        using var model = Options(dims).Build();
        long[] size = [16, 20, .. dims is SpatialDims.Three ? new long[] { 16 } : []];
        using var input = randn([2, 2, .. size]);
        SegmentationOutput? output = null;

        NoLeaks.During(() => output = model.call(input)).Should().Be(1);
        output!.Logits.shape.Should().Equal([2, 3, .. size]);
        output.Dispose();
        var summary = model.Summary(size);
        summary.Layers[^1].Output.Axes.Should().Equal([3, .. size]);
        summary.Layers.Sum(layer => layer.Parameters).Should().Be(summary.Parameters, "every layer is used once");
        model.parameters().Should().OnlyContain(parameter => parameter.isfinite().all().ToBoolean());
    }

    [Fact]
    public void Says_what_is_wrong()
    {
        using var model = Options(SpatialDims.Two).Build();
        using var tiny = zeros(1, 2, 12, 16);
        model.Invoking(m => m.call(tiny)).Should().Throw<ArgumentException>().WithMessage("GatedNest: height of input (axis 2) is 12; it takes 16, 20, 24 and so on in steps of 4. Nearest: 16.*");
        (Options(SpatialDims.Two) with { Widths = [0] }).Invoking(o => o.Build()).Should().Throw<ArgumentException>()
            .WithMessage("GatedNest: Widths needs two levels or more, has 1. Widths must be positive, are [0].");
    }
}
