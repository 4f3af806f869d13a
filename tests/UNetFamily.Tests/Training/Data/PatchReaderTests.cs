using FsCheck;
using FsCheck.Fluent;

namespace UNetFamily.Tests.Training.Data;

public class PatchReaderTests
{
    private const float Padding = -7;
    private const byte PaddingLabel = 9;

    private static readonly Config Repeatable = Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20150504, 1);

    public static TheoryData<SpatialDims, bool, (double, double, double), double> Maps => new()
    {
        { SpatialDims.Two, true, (37, 0, 0), 1 },
        { SpatialDims.Two, true, (0, 0, 0), 0.7 },
        { SpatialDims.Two, true, (-160, 0, 0), 1.4 },
        { SpatialDims.Three, true, (25, 0, 0), 1.2 },
        { SpatialDims.Three, false, (25, -30, 10), 1 },
        { SpatialDims.Three, false, (-12, 14, 28), 0.7 },
        { SpatialDims.Three, false, (0, 0, 0), 1.4 },
        { SpatialDims.Three, false, (30, 30, 30), 3 },
    };

    [Fact]
    public void A_window_is_the_naive_crop() => Check.One(Repeatable, Prop.ForAll((
        from dims in Gen.Elements(SpatialDims.Two, SpatialDims.Three)
        from channels in Gen.Choose(1, 2)
        from size in Gen.ArrayOf(Gen.Choose(1, 6), (int)dims)
        from patch in Gen.ArrayOf(Gen.Choose(1, 8), (int)dims)
        from start in Gen.ArrayOf(Gen.Choose(-9, 9), 3)
        select (dims, channels, size, patch, start)).ToArbitrary(), drawn =>
    {
        var from = Patches.Case("drawn", drawn.channels, [.. drawn.size.Select(side => (long)side)]);
        var patch = Patches.Empty(drawn.dims, drawn.channels, Extent.Of([.. drawn.patch.Select(side => (long)side)]));
        var window = new PatchWindow(drawn.dims is SpatialDims.Three ? drawn.start[0] : 0, drawn.start[1], drawn.start[2], default);
        new PatchReader(from, patch, Padding, PaddingLabel).Read(window);

        ForEach(patch, (z, y, x, i) =>
        {
            var (d, h, w) = (window.D + z, window.H + y, window.W + x);
            for (var channel = 0; channel < drawn.channels; channel++) Assert.Equal(Value(from, channel, d, h, w), patch.Channel(channel)[i]);
            Assert.Equal(Label(from, d, h, w), patch.Labels[i]);
        });
    }));

    [Fact]
    public void A_random_window_lies_within_the_case_or_around_it() => Check.One(Repeatable, Prop.ForAll((
        from size in Gen.ArrayOf(Gen.Choose(1, 12), 3)
        from sides in Gen.ArrayOf(Gen.Choose(1, 12), 3)
        from seed in Gen.Choose(0, 1000)
        select (size, sides, seed)).ToArbitrary(), drawn =>
    {
        var from = Patches.Case("drawn", 1, [.. drawn.size.Select(side => (long)side)]);
        var patch = Patches.Empty(SpatialDims.Three, 1, Extent.Of([.. drawn.sides.Select(side => (long)side)]));
        var window = PatchWindow.Anywhere(from, patch, new PatchRandom(drawn.seed, 0, 0));
        foreach (var (start, length, side) in ((int[])[window.D, window.H, window.W]).Zip(drawn.sides, drawn.size))
        {
            var (before, after) = (-start, start + length - side);
            if (length <= side) Assert.True(before <= 0 && after <= 0);
            else Assert.True(Math.Abs(before - after) <= 1, $"{before} before and {after} after the case");
        }
    }));

    [Fact]
    public void Every_random_window_comes_up()
    {
        var (from, patch) = (Patches.Case("small", 1, 6, 5), Patches.Empty(SpatialDims.Two, 1, (3, 8)));
        var starts = Enumerable.Range(0, 300).Select(seed => PatchWindow.Anywhere(from, patch, new PatchRandom(seed, 0, 0))).Select(window => (window.D, window.H, window.W));
        starts.Distinct().Should().BeEquivalentTo(from row in Enumerable.Range(0, 4) from column in (int[])[-2, -1] select (0, row, column));
    }

    [Fact]
    public void A_window_around_a_voxel_may_reach_over_the_far_border_only()
    {
        var (from, patch) = (Patches.Case("small", 1, 4, 10, 10), Patches.Empty(SpatialDims.Three, 1, (6, 4, 4)));
        Around(1, 5, 6).Should().Be(new PatchWindow(-1, 3, 4, new(2, 2, 2)));
        Around(3, 1, 9).Should().Be(new PatchWindow(0, 0, 7, new(3, 1, 2)));

        PatchWindow Around(int d, int h, int w) => PatchWindow.Around(from, patch, (d * 10 + h) * 10 + w);
    }

    [Theory]
    [MemberData(nameof(Maps))]
    public void Reads_what_a_plain_loop_in_double_precision_reads(SpatialDims dims, bool flat, (double D, double H, double W) degrees, double scale)
    {
        var from = Patches.Case("turned", 2, dims is SpatialDims.Two ? [19, 23] : [11, 13, 17]);
        var patch = Patches.Empty(dims, 2, dims is SpatialDims.Two ? (16, 14) : (9, 8, 12));
        var map = AffineMap.Of((degrees.D * Math.PI / 180, degrees.H * Math.PI / 180, degrees.W * Math.PI / 180), scale, flat);
        var window = new PatchWindow(dims is SpatialDims.Two ? 0 : -2, 4, 3, dims is SpatialDims.Two ? new(0, 7.5, 3) : new(4, 3.5, 6));
        new PatchReader(from, patch, Padding, PaddingLabel).Read(map, window.Origin(map));

        var matrix = Matrix(degrees, scale, flat);
        double[] fix = [window.Fixed.D, window.Fixed.H, window.Fixed.W], start = [window.D, window.H, window.W];
        var (labelled, undecided) = (0, 0);
        ForEach(patch, (z, y, x, i) =>
        {
            double[] offset = [z - fix[0], y - fix[1], x - fix[2]];
            var place = Enumerable.Range(0, 3).Select(axis => start[axis] + fix[axis] + matrix[axis].Zip(offset, (a, b) => a * b).Sum()).ToArray();
            for (var channel = 0; channel < 2; channel++)
            {
                var expected = Corners(place).Sum(corner => corner.Share * Value(from, channel, corner.D, corner.H, corner.W));
                Assert.Equal(expected, patch.Channel(channel)[i], 2e-5);
            }

            var shares = Corners(place).GroupBy(corner => Label(from, corner.D, corner.H, corner.W))
                .Select(group => (Label: group.Key, Share: group.Sum(corner => corner.Share))).OrderByDescending(vote => vote.Share).ToArray();
            if (shares.Length > 1 && shares[0].Share - shares[1].Share < 1e-5)
            {
                undecided++;
                return;
            }

            Assert.Equal(shares[0].Label, patch.Labels[i]);
            labelled++;
        });
        labelled.Should().BeGreaterThan(50 * (undecided + 1));
    }

    [Theory]
    [InlineData(SpatialDims.Two)]
    [InlineData(SpatialDims.Three)]
    public void A_quarter_turn_moves_voxels_without_changing_them(SpatialDims dims)
    {
        using var scope = NewDisposeScope();
        var from = Patches.Case("square", 1, dims is SpatialDims.Two ? [15, 15] : [6, 15, 15]);
        var patch = Patches.Empty(dims, 1, dims is SpatialDims.Two ? 15 : (6, 15, 15));
        var map = AffineMap.Of((Math.PI / 2, 0, 0), 1, flat: true);
        new PatchReader(from, patch, Padding, PaddingLabel).Read(map, PatchWindow.Anywhere(from, patch, new PatchRandom(0, 0, 0)).Origin(map));

        TensorAssert.Equal(patch.Image(), Turned(tensor(from.Image, [1, .. patch.Size()])));
        TensorAssert.Equal(patch.LabelMap(), Turned(tensor(from.Labels, patch.Size())));

        static Tensor Turned(Tensor whole) => whole.transpose(-1, -2).flip(-1).contiguous();
    }

    [Fact]
    public void Of_equal_shares_the_smallest_label_wins()
    {
        using var scope = NewDisposeScope();
        var from = new TrainingCase("two", zeros(1, 2, 2), tensor([3L, 2, 3, 2], [2, 2]), classes: 4);
        var patch = Patches.Empty(SpatialDims.Two, 1, 1);
        var map = AffineMap.Of((0, 0, 0), 1, flat: true);
        new PatchReader(from, patch, 0, 0).Read(map, new(0, 0, 0.5));
        patch.Labels[0].Should().Be(2);
        new PatchReader(from, patch, 0, 0).Read(map, new(0, 0, 0.49));
        patch.Labels[0].Should().Be(3);
    }

    // R = about W · about H · about D · scale, as nnU-Net multiplies.
    private static double[][] Matrix((double D, double H, double W) degrees, double scale, bool flat)
    {
        var (a, b, c) = (degrees.D * Math.PI / 180, degrees.H * Math.PI / 180, degrees.W * Math.PI / 180);
        double[][] aboutD = [[1, 0, 0], [0, Math.Cos(a), -Math.Sin(a)], [0, Math.Sin(a), Math.Cos(a)]];
        double[][] aboutH = [[Math.Cos(b), 0, Math.Sin(b)], [0, 1, 0], [-Math.Sin(b), 0, Math.Cos(b)]];
        double[][] aboutW = [[Math.Cos(c), -Math.Sin(c), 0], [Math.Sin(c), Math.Cos(c), 0], [0, 0, 1]];
        double[][] scaled = [[flat ? 1 : scale, 0, 0], [0, scale, 0], [0, 0, scale]];
        return Times(Times(Times(aboutW, aboutH), aboutD), scaled);

        static double[][] Times(double[][] x, double[][] y) => [.. x.Select(row => Enumerable.Range(0, 3).Select(j => Enumerable.Range(0, 3).Sum(k => row[k] * y[k][j])).ToArray())];
    }

    private static IEnumerable<(int D, int H, int W, double Share)> Corners(double[] place)
    {
        var low = place.Select(Math.Floor).ToArray();
        return from d in (int[])[0, 1]
               from h in (int[])[0, 1]
               from w in (int[])[0, 1]
               let share = Share(0, d) * Share(1, h) * Share(2, w)
               where share > 0
               select ((int)low[0] + d, (int)low[1] + h, (int)low[2] + w, share);

        double Share(int axis, int upper) => upper == 1 ? place[axis] - low[axis] : 1 - (place[axis] - low[axis]);
    }

    private static float Value(TrainingCase from, int channel, int d, int h, int w) => Place(from, d, h, w) is { } i ? from.Image[channel * from.Labels.Length + i] : Padding;

    private static byte Label(TrainingCase from, int d, int h, int w) => Place(from, d, h, w) is { } i ? from.Labels[i] : PaddingLabel;

    private static int? Place(TrainingCase from, int d, int h, int w) =>
        d >= 0 && d < from.Depth && h >= 0 && h < from.Height && w >= 0 && w < from.Width ? (d * from.Height + h) * from.Width + w : null;

    private static void ForEach(TrainingPatch patch, Action<int, int, int, int> action)
    {
        var i = 0;
        for (var z = 0; z < patch.Depth; z++)
            for (var y = 0; y < patch.Height; y++)
                for (var x = 0; x < patch.Width; x++) action(z, y, x, i++);
    }
}
