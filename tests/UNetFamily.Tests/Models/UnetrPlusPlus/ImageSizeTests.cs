namespace UNetFamily.Tests.Models.UnetrPlusPlus;

/// <summary>Trained weights at another image size.</summary>
public class ImageSizeTests
{
    private static UnetrPlusPlusOptions Small(TokenProjection projection) => new()
    {
        InChannels = 1,
        OutChannels = 2,
        ImageSize = (16, 32, 16),
        PatchSize = (1, 2, 2),
        FeatureSize = 4,
        Depths = [1, 1, 1, 1],
        DecoderDepth = 1,
        ProjectedTokens = [8, 6, 4, 2],
        DecoderProjectedTokens = 6,
        Projection = projection,
    };

    public static TheoryData<TokenProjection> Projections() => [.. Enum.GetValues<TokenProjection>()];

    private static UNetFamily.UnetrPlusPlus Trained(UnetrPlusPlusOptions options)
    {
        manual_seed(6);
        var model = options.Build();
        using var noGradient = no_grad();
        foreach (var parameter in model.parameters()) parameter.add_(randn_like(parameter) * 0.1);
        return model;
    }

    [Theory]
    [MemberData(nameof(Projections))]
    public void The_same_size_is_the_same_network_bit_for_bit(TokenProjection projection)
    {
        using var scope = NewDisposeScope();
        using var model = Trained(Small(projection));
        model.eval();
        var (same, report) = model.ForImageSize((16, 32, 16));
        using var disposal = same;
        var input = randn([1, 1, 16, 32, 16]);

        report.Resampled.Should().BeEmpty();
        report.Copied.Should().BeEquivalentTo(model.state_dict().Keys);
        foreach (var (name, tensor) in same.state_dict()) TensorAssert.Equal(tensor, model.state_dict()[name], name);
        same.training.Should().BeFalse();
        TensorAssert.Equal(same.call(input).Logits, model.call(input).Logits);
    }

    [Theory]
    [MemberData(nameof(Projections))]
    public void Another_size_changes_only_what_is_tied_to_it(TokenProjection projection)
    {
        using var scope = NewDisposeScope();
        using var model = Trained(Small(projection));
        var (larger, report) = model.ForImageSize((16, 48, 32));
        using var disposal = larger;

        var perBlock = projection is TokenProjection.Separate ? 3 : 2;
        report.Resampled.Should().HaveCount(perBlock * 7).And.OnlyContain(weight => weight.Name.EndsWith("position") || weight.Name.EndsWith("e.weight") || weight.Name.EndsWith("f.weight"));
        report.Copied.Concat(report.Resampled.Select(weight => weight.Name)).Should().BeEquivalentTo(model.state_dict().Keys);
        report.ToString().Should().StartWith($"(16, 32, 16) to (16, 48, 32): {report.Copied.Count} entries copied, {report.Resampled.Count} resampled\n")
            .And.Contain("encoder.stages.0.0.position: [16, 16, 8] to [16, 24, 16]");
        foreach (var name in report.Copied) TensorAssert.Equal(larger.state_dict()[name], model.state_dict()[name], name);

        larger.call(randn([2, 1, 16, 48, 32])).Logits.isfinite().all().ToBoolean().Should().BeTrue();
        larger.Options.Should().Be(model.Options is UnetrPlusPlusOptions options ? options with { ImageSize = (16, 48, 32) } : null);
    }

    [Fact]
    public void A_turned_grid_has_as_many_tokens_and_is_resampled_still()
    {
        using var model = Trained(Small(TokenProjection.Shared));
        var (turned, report) = model.ForImageSize((16, 16, 32));
        using var disposal = turned;
        report.Resampled.Should().HaveCount(2 * 7);
    }

    [Fact]
    public void It_keeps_the_type_of_the_numbers()
    {
        using var model = Trained(Small(TokenProjection.Shared));
        model.to(ScalarType.Float64);
        var (larger, _) = model.ForImageSize((32, 32, 16));
        using var disposal = larger;
        larger.parameters().Should().OnlyContain(parameter => parameter.dtype == ScalarType.Float64 && parameter.requires_grad);
    }

    [Fact]
    public void Changing_the_size_leaves_only_the_new_network_alive()
    {
        using var model = Trained(Small(TokenProjection.Separate));
        long alive = 0, entries = 0;
        alive = NoLeaks.During(() =>
        {
            var (larger, _) = model.ForImageSize((32, 32, 16));
            entries = larger.state_dict().Count;
            larger.Dispose();
        });
        entries.Should().BePositive();
        alive.Should().Be(0);
    }

    [Fact]
    public void Positions_are_interpolated_linearly()
    {
        using var scope = NewDisposeScope();
        var positions = randn([1, 3 * 4 * 2, 5], ScalarType.Float64);
        var fitted = GridResampling.Fit("position", positions, TokenProjection.Shared, [3, 4, 2], [6, 5, 7]);

        var map = positions.transpose(1, 2).reshape(1, 5, 3, 4, 2);
        var expected = functional.interpolate(map, [6, 5, 7], mode: InterpolationMode.Trilinear, align_corners: false).flatten(2).transpose(1, 2);
        TensorAssert.Close(fitted, expected, 1e-12);
    }

    [Fact]
    public void A_coarser_grid_is_smoothed_so_that_every_token_counts()
    {
        using var scope = NewDisposeScope();
        var positions = randn([1, 12 * 9, 5], ScalarType.Float64);
        var fitted = GridResampling.Fit("position", positions, TokenProjection.Shared, [12, 9], [4, 5]);

        var map = positions.transpose(1, 2).reshape(1, 5, 12, 9);
        var expected = functional.interpolate(map, [4, 5], mode: InterpolationMode.Bilinear, align_corners: false, antialias: true).flatten(2).transpose(1, 2);
        TensorAssert.Close(fitted, expected, 1e-6);
    }

    [Theory]
    [InlineData(TokenProjection.Shared)]
    [InlineData(TokenProjection.SharedMatrix)]
    public void A_projection_gives_for_new_tokens_what_it_gave_for_them_on_the_old_grid(TokenProjection projection)
    {
        using var scope = NewDisposeScope();
        var weight = randn([3, 6 * 8 * 4], ScalarType.Float64);
        var tokens = randn([1, 5, 3, 5, 2], ScalarType.Float64);       // on the new, coarser grid
        var kept = projection is TokenProjection.SharedMatrix ? weight.transpose(0, 1) : weight;
        var fitted = GridResampling.Fit("attention.e.weight", kept, projection, [6, 8, 4], [3, 5, 2]);
        if (projection is TokenProjection.SharedMatrix) fitted = fitted.transpose(0, 1);

        var onOldGrid = functional.interpolate(tokens, [6, 8, 4], mode: InterpolationMode.Trilinear, align_corners: false);
        TensorAssert.Close(functional.linear(tokens.flatten(2), fitted), functional.linear(onOldGrid.flatten(2), weight), 1e-11);
    }
}
