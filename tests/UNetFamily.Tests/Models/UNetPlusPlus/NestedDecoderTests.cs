namespace UNetFamily.Tests.Models.UNetPlusPlus;

public class NestedDecoderTests
{
    private const int Depth = 3;
    private static readonly long[] Widths = [2, 3, 4, 5];

    public static TheoryData<SpatialDims, NestedSkips> Forms() => new()
    {
        { SpatialDims.Two, NestedSkips.Dense },
        { SpatialDims.Two, NestedSkips.Plain },
        { SpatialDims.Three, NestedSkips.Dense },
        { SpatialDims.Three, NestedSkips.Plain },
    };

    private static NestedDecoder Decoder(SpatialDims dims, NestedSkips skips, Func<int, int, Module<Tensor, Tensor>>? convs = null) => new(Depth, (i, j) => new NestedNode(
        new LinearUpsample(2),
        convs?.Invoke(i, j) ?? dims.Conv((skips is NestedSkips.Dense ? j : 1) * Widths[i] + Widths[i + 1], Widths[i], kernel: 3)), skips);

    private static Tensor[] Features(SpatialDims dims, ScalarType type = ScalarType.Float32) =>
        [.. Widths.Select((width, i) => randn([1, width, .. Enumerable.Repeat(16L >> i, (int)dims)], type))];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Gives_a_map_for_each_branch_and_is_described_truly(SpatialDims dims, NestedSkips skips)
    {
        using var scope = NewDisposeScope();
        using var decoder = Decoder(dims, skips);
        var features = Features(dims);
        var branches = decoder.call(features);
        var graph = Recorder.Record(decoder, maps => [.. decoder.Flow(maps)], [.. features.Select(map => map.shape)]);

        branches.Should().HaveCount(skips is NestedSkips.Dense ? Depth : 1);
        graph.Outputs.Select(output => graph.ShapeOf(output)).Should().BeEquivalentTo(branches.Select(map => map.shape), options => options.WithStrictOrdering());
        graph.ShapeOf(graph.Outputs[^1]).Should().Equal([1, Widths[0], .. Enumerable.Repeat(16L, (int)dims)]);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Its_gradient_is_that_of_its_loss(SpatialDims dims, NestedSkips skips)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var decoder = Decoder(dims, skips);
        decoder.to(ScalarType.Float64);
        var features = Features(dims, ScalarType.Float64);
        GradientCheck.RelativeError(decoder, () => decoder.call(features).Select(map => map.sin().sum()).Aggregate((a, b) => a + b)).Should().BeLessThan(1e-7);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Leaves_exactly_its_branches_alive_and_the_features_to_their_owner(SpatialDims dims, NestedSkips skips)
    {
        using var scope = NewDisposeScope();
        using var decoder = Decoder(dims, skips);
        var features = Features(dims);
        IReadOnlyList<Tensor> branches = [];

        NoLeaks.During(() => branches = decoder.call(features)).Should().Be(skips is NestedSkips.Dense ? Depth : 1);
        features.Should().OnlyContain(map => !map.IsInvalid);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Fewer_features_give_the_branches_that_need_no_more(int level)
    {
        using var scope = NewDisposeScope();
        using var decoder = Decoder(SpatialDims.Two, NestedSkips.Dense);
        var features = Features(SpatialDims.Two);
        var all = decoder.call(features);
        var some = decoder.call(features[..(level + 1)]);

        some.Should().HaveCount(level);
        foreach (var (map, expected) in some.Zip(all)) TensorAssert.Equal(map, expected);
    }

    [Fact]
    public void Frees_every_map_after_its_last_use()
    {
        var alive = new Dictionary<(int, int), long>();
        var before = 0L;
        using var scope = NewDisposeScope();
        using var network = new Whole(Decoder(SpatialDims.Two, NestedSkips.Dense, (i, j) =>
        {
            var conv = SpatialDims.Two.Conv((j * Widths[i]) + Widths[i + 1], Widths[i], kernel: 3);
            conv.register_forward_pre_hook(_ => alive[(i, j)] = DisposeScopeManager.Statistics.ThreadTotalLiveCount - before);
            return conv;
        }));
        var input = randn(1, 1, 16, 16);
        before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        network.call(input).Dispose();

        // Beside the concatenation, whose parts are gone but for those that a later node takes:
        alive[(2, 1)].Should().Be(1 + 3, "X(0,0), X(1,0) and X(2,0) are there");
        alive[(1, 1)].Should().Be(1 + 3, "X(0,0), X(1,0) and X(2,1)");
        alive[(1, 2)].Should().Be(1 + 3, "X(0,0), X(1,0) and X(1,1)");
        alive[(0, 1)].Should().Be(1 + 3, "X(0,0), X(1,1) and X(1,2)");
        alive[(0, 3)].Should().Be(1, "nothing takes the row once it is joined");
        (DisposeScopeManager.Statistics.ThreadTotalLiveCount - before).Should().Be(0);
    }

    [Fact]
    public void Refuses_features_that_do_not_fit()
    {
        using var scope = NewDisposeScope();
        using var dense = Decoder(SpatialDims.Two, NestedSkips.Dense);
        using var plain = Decoder(SpatialDims.Two, NestedSkips.Plain);
        var features = Features(SpatialDims.Two);
        dense.Invoking(d => d.call(features[..1])).Should().Throw<ArgumentException>().WithMessage("A decoder of depth 3 takes 2 to 4 maps, got 1.*");
        plain.Invoking(d => d.call(features[..3])).Should().Throw<ArgumentException>().WithMessage("A decoder of depth 3 takes 4 maps, got 3.*");
        FluentActions.Invoking(() => new NestedDecoder(0, (_, _) => null!)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData(SpatialDims.Two, ConcatOrder.SkipFirst)]
    [InlineData(SpatialDims.Two, ConcatOrder.UpFirst)]
    [InlineData(SpatialDims.Three, ConcatOrder.SkipFirst)]
    public void A_node_concatenates_in_its_order_and_a_gate_changes_the_row(SpatialDims dims, ConcatOrder order)
    {
        using var scope = NewDisposeScope();
        using var plain = new NestedNode(new LinearUpsample(2), Identity(), order);
        using var gated = new NestedNode(new LinearUpsample(2), Identity(), order, new Doubling());
        long[] size = [.. Enumerable.Repeat(4L, (int)dims)];
        Tensor[] row = [randn([1, 2, .. size]), randn([1, 2, .. size])];
        var below = randn([1, 3, .. size.Select(side => side / 2)]);
        var raised = Resampling.Upsample(below, 2, alignCorners: true);
        var skip = cat(row, dim: 1);

        TensorAssert.Equal(plain.call(row, below), order is ConcatOrder.SkipFirst ? cat([skip, raised], dim: 1) : cat([raised, skip], dim: 1));
        TensorAssert.Equal(gated.call(row, below), order is ConcatOrder.SkipFirst ? cat([skip * 2, raised], dim: 1) : cat([raised, skip * 2], dim: 1));
        NoLeaks.During(() => gated.call(row, below).Dispose()).Should().Be(0);

        var graph = Recorder.Record(gated, maps => [gated.Flow(maps[..^1], maps[^1])], [.. row.Select(map => map.shape), below.shape]);
        graph.ShapeOf(graph.Outputs[0]).Should().Equal([1, 7, .. size]);
    }

    /// <summary>The decoder over maps of an encoder of single convolutions.</summary>
    private sealed class Whole : Block
    {
        private readonly ModuleList<Convolution> encoder;
        private readonly NestedDecoder decoder;

        public Whole(NestedDecoder decoder) : base(nameof(Whole))
        {
            encoder = ModuleList([.. Widths.Select((width, i) => SpatialDims.Two.Conv(i == 0 ? 1 : Widths[i - 1], width, kernel: 1, stride: i == 0 ? 1 : 2))]);
            this.decoder = decoder;
            RegisterComponents();
        }

        protected override FeatureMap Flow(FeatureMap x) => decoder.Flow([.. encoder.Select(level => x = x.Through(level))])[^1];
    }

    private sealed class Doubling() : Block2(nameof(Doubling))
    {
        protected override FeatureMap Flow(FeatureMap signal, FeatureMap skip) => skip + skip;
    }
}
