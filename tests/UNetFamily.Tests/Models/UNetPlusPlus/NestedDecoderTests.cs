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

    private static TensorShape Shape(Tensor map) => new(map.shape.AsSpan(1));

    [Theory]
    [MemberData(nameof(Forms))]
    public void Gives_a_map_for_each_branch_and_is_traced_truly(SpatialDims dims, NestedSkips skips)
    {
        using var scope = NewDisposeScope();
        using var decoder = Decoder(dims, skips);
        var features = Features(dims);
        var branches = decoder.call(features);
        var traced = decoder.Trace(new Tracer(decoder), [.. features.Select(map => Shape(map))]);

        branches.Should().HaveCount(skips is NestedSkips.Dense ? Depth : 1);
        traced.Select(shape => shape.Axes).Should().Equal(branches.Select(map => Shape(map).Axes));
        traced[^1].Axes.Should().Equal([Widths[0], .. Enumerable.Repeat(16L, (int)dims)]);
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
        using var decoder = Decoder(SpatialDims.Two, NestedSkips.Dense, (i, j) => new Probe(Widths[i], () => alive[(i, j)] = DisposeScopeManager.Statistics.ThreadTotalLiveCount - before));
        var features = Features(SpatialDims.Two);
        before = DisposeScopeManager.Statistics.ThreadTotalLiveCount - features.Length;

        foreach (var branch in decoder.Consume(features)) branch.Dispose();

        // Beside the concatenation: the maps of the row so far, what is left of the row below, and the encoder's maps above.
        alive[(2, 1)].Should().Be(1 + 4, "X(0,0) to X(3,0) are there");
        alive[(1, 1)].Should().Be(1 + 4, "X(3,0) is gone, X(2,1) is new");
        alive[(1, 2)].Should().Be(1 + 4, "X(2,0) is gone, X(1,1) is new");
        alive[(0, 1)].Should().Be(1 + 4, "the row below is complete: X(1,0) to X(1,2), with X(0,0)");
        alive[(0, 3)].Should().Be(1 + 4, "X(0,0) to X(0,2), and X(1,2)");
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

        var shapes = row.Select(map => Shape(map)).ToArray();
        gated.Trace(new Tracer(gated), shapes, Shape(below)).Axes.Should().Equal([7, .. size]);
    }

    /// <summary>Stands for the convolutions of a node, and says when they are called.</summary>
    private sealed class Probe(long width, Action called) : Module<Tensor, Tensor>(nameof(Probe))
    {
        public override Tensor forward(Tensor input)
        {
            called();
            return input.narrow(1, 0, width);
        }
    }

    private sealed class Doubling() : Module<Tensor, Tensor, Tensor>(nameof(Doubling)), ISkipGate
    {
        public override Tensor forward(Tensor signal, Tensor skip) => skip * 2;

        public TensorShape Trace(Tracer tracer, TensorShape signal, TensorShape skip) => skip;
    }
}
