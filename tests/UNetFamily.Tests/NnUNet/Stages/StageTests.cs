using UNetFamily.NnUNet;

namespace UNetFamily.Tests.NnUNet.Stages;

public class StageTests
{
    public static TheoryData<int> Crops => UnitArrays.Numbers("crop");

    public static TheoryData<int> Normalizations => [.. Enumerable.Range(0, UnitArrays.Of("normalization").Count(call => call.GetProperty("i").ValueKind == System.Text.Json.JsonValueKind.Number))];

    public static TheoryData<int> LabelCalls => UnitArrays.Numbers("labels");

    public static TheoryData<int> Components => UnitArrays.Numbers("keep_largest");

    [Theory]
    [MemberData(nameof(Crops))]
    public void Crops_as_nnUNet_does(int number)
    {
        var name = $"crop_{number}";
        var (size, channels) = (UnitArrays.Size(name + "_in"), UnitArrays.Floats(name + "_in").Channels(name + "_in"));

        var box = NonzeroMask.Box(channels, size);

        UnitArrays.Of("crop", number).GetProperty("bbox").EnumerateArray().Select(side => side.Ints()).Should().BeEquivalentTo(Enumerable.Range(0, 3).Select(axis => (int[])[box[axis].Start, box[axis].End]), options => options.WithStrictOrdering());
        var inside = NonzeroMask.Inside([.. channels.Select(channel => box.Cut(channel, size))], box.Size);
        var labels = new short[box.Size.Voxels];
        NonzeroMask.MarkOutside(labels, inside);
        labels.Should().Equal(UnitArrays.Shorts(name + "_seg"));
        // The whole volume's mask, cut, is the cut volume's.
        box.Cut(NonzeroMask.Inside(channels, size), size).Should().Equal(inside);
        var previous = box.Cut(UnitArrays.Shorts(name + "_prev"), size);
        NonzeroMask.MarkOutside(previous, inside);
        previous.Should().Equal(UnitArrays.Shorts(name + "_prev_out"));
    }

    [Fact]
    public void A_hole_is_inside_unless_a_way_over_faces_leads_out()
    {
        // A shell of 5 x 5 x 5 around a hole, then with a corner missing, then with the middle of a face missing.
        var size = new VolumeSize(7, 7, 7);
        Holes([]).Should().Be(125);
        Holes([(1, 1, 1)]).Should().Be(124, "over a corner no way leads in");
        Holes([(1, 3, 3)]).Should().Be(98 - 1);

        int Holes((int Z, int Y, int X)[] missing)
        {
            var values = new float[size.Voxels];
            for (var i = 0; i < values.Length; i++)
            {
                var (z, y, x) = (i / 49, i / 7 % 7, i % 7);
                int[] at = [z, y, x];
                if (at.All(place => place is >= 1 and <= 5) && at.Any(place => place is 1 or 5) && !missing.Contains((z, y, x))) values[i] = 1;
            }
            return NonzeroMask.Inside([values], size).Count(place => place);
        }
    }

    [Fact]
    public void A_mask_of_a_maze_is_that_of_a_plain_flood()
    {
        var (size, random) = (new VolumeSize(9, 14, 17), new Random(3));
        for (var trial = 0; trial < 40; trial++)
        {
            var share = random.NextDouble();
            float[] values = [.. Enumerable.Range(0, size.Voxels).Select(_ => random.NextDouble() < share ? 1f : 0)];
            NonzeroMask.Inside([values], size).Should().Equal(Flooded(values));
        }

        bool[] Flooded(float[] values)
        {
            bool[] inside = [.. values.Select(_ => true)];
            for (var changed = true; changed;)
            {
                changed = false;
                for (var i = 0; i < inside.Length; i++)
                {
                    var (z, y, x) = (i / size.Slice, i / size.X % size.Y, i % size.X);
                    if (!inside[i] || values[i] != 0 || !(Out(z - 1, y, x) || Out(z + 1, y, x) || Out(z, y - 1, x) || Out(z, y + 1, x) || Out(z, y, x - 1) || Out(z, y, x + 1))) continue;
                    inside[i] = false;
                    changed = true;
                }
            }
            return inside;

            bool Out(int z, int y, int x) => z < 0 || y < 0 || x < 0 || z >= size.Z || y >= size.Y || x >= size.X || !inside[(z * size.Y + y) * size.X + x];
        }
    }

    [Fact]
    public void An_image_of_zeros_keeps_its_size()
    {
        NonzeroMask.Box([new float[24]], new VolumeSize(2, 3, 4)).Should().Be(VolumeBox.Whole(new VolumeSize(2, 3, 4)));
    }

    [Theory]
    [MemberData(nameof(Normalizations))]
    public void Normalises_as_nnUNet_does(int number)
    {
        var call = UnitArrays.Of("normalization", number);
        var properties = call.GetProperty("properties");
        var scheme = IntensityNormalization.Of(call.GetProperty("scheme").GetString()!, call.GetProperty("use_mask_for_norm").GetBoolean(),
            new(Of("mean"), Of("std"), Of("percentile_00_5"), Of("percentile_99_5")));
        var values = UnitArrays.Floats("norm_in");

        scheme.Apply(values, Array.ConvertAll(UnitArrays.Shorts("norm_seg"), label => label >= 0));

        values.Zip(UnitArrays.Floats($"norm_{number}")).Max(pair => Math.Abs(pair.First - pair.Second)).Should().BeLessThan(1e-5f);

        double Of(string name) => properties.GetProperty(name).GetDouble();
    }

    [Fact]
    public void A_constant_channel_becomes_zero()
    {
        float[] values = [.. Enumerable.Repeat(7.5f, 24)];
        IntensityNormalization.Of("ZScoreNormalization").Apply(values);
        values.Should().Equal(UnitArrays.Floats("norm_const"));
    }

    [Fact]
    public void Statistics_of_a_large_channel_are_those_of_doubles()
    {
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, 300_001).Select(_ => 1000 + random.NextSingle())];
        var mean = values.Average(value => (double)value);
        var deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        var expected = (values[7] - mean) / deviation;
        IntensityNormalization.Of("ZScoreNormalization").Apply(values);
        ((double)values[7]).Should().BeApproximately(expected, 3e-4, "a number of 1000 has 24 bits");
    }

    [Fact]
    public void Normalisations_that_cannot_be_are_refused()
    {
        ((Action)(() => IntensityNormalization.Of("ZScore"))).Should().Throw<ArgumentException>().WithMessage("There is no normalisation 'ZScore'. Known are ZScoreNormalization, CTNormalization*");
        ((Action)(() => IntensityNormalization.Of("CTNormalization"))).Should().Throw<ArgumentException>().WithMessage("CTNormalization needs the foreground's properties*");
        ((Action)(() => IntensityNormalization.Of("RGBTo01Normalization").Apply([0, 256]))).Should().Throw<ArgumentException>().WithMessage("RGBTo01Normalization is for numbers from 0 to 255; these go from 0 to 256.*");
        ((Action)(() => IntensityNormalization.Of("ZScoreNormalization", useMask: true).Apply([0, 1], [true]))).Should().Throw<ArgumentException>().WithMessage("The mask has 1 places, the channel has 2.*");
    }

    [Theory]
    [MemberData(nameof(LabelCalls))]
    public void Labels_and_probabilities_are_nnUNets(int number)
    {
        var (call, name) = (UnitArrays.Of("labels", number), $"labels_{number}");
        var scheme = call.GetProperty("has_regions").GetBoolean() ? LabelScheme.Regions(call.GetProperty("regions_class_order").Ints()) : LabelScheme.Plain(call.GetProperty("heads").GetInt32());
        var logits = UnitArrays.Floats(name + "_logits").Channels(name + "_logits");

        scheme.FromLogits(logits).Should().Equal(UnitArrays.Labels(name + "_seg"));

        scheme.ToProbabilities(logits);
        logits.SelectMany(head => head).Zip(UnitArrays.Floats(name + "_prob")).Max(pair => Math.Abs(pair.First - pair.Second)).Should().BeLessThan(3e-7f);
        scheme.FromProbabilities(UnitArrays.Floats(name + "_prob").Channels(name + "_prob")).Should().Equal(UnitArrays.Labels(name + "_seg_from_prob"));

        // Back in the whole image, where outside of the box all is background.
        var (bounds, full) = (call.GetProperty("bbox").EnumerateArray().Select(side => side.Ints()).ToArray(), VolumeSize.Of(call.GetProperty("full").Ints()));
        var box = new VolumeBox(new(bounds[0][0], bounds[0][1]), new(bounds[1][0], bounds[1][1]), new(bounds[2][0], bounds[2][1]));
        var whole = UnitArrays.Floats(name + "_prob").Channels(name + "_prob").Select((head, index) => box.PutBack(head, full, !scheme.HasRegions && index == 0 ? 1f : 0));
        whole.SelectMany(head => head).Should().Equal(UnitArrays.Floats(name + "_reverted"));
    }

    [Fact]
    public void The_first_of_equal_heads_wins_and_later_regions_write_over_earlier()
    {
        LabelScheme.Plain(3).FromLogits([[1, 0, 0], [1, 2, 0], [0, 2, 1]]).Should().Equal(0, 1, 2);
        LabelScheme.Regions(5, 7).FromLogits([[1, 1, -1], [-1, 1, 6e-8f]]).Should().Equal(5, 7, 0);
        ((Action)(() => LabelScheme.Plain(3).FromLogits([[1], [2]]))).Should().Throw<ArgumentException>().WithMessage("There are 2 heads; the scheme has 3.*");
    }

    [Theory]
    [MemberData(nameof(Components))]
    public void Keeps_the_largest_piece_as_nnUNet_does(int number)
    {
        var given = UnitArrays.Of("keep_largest", number).GetProperty("labels_or_regions");
        int[] labels = given.ValueKind == System.Text.Json.JsonValueKind.Number ? [given.GetInt32()]
            : [.. given.EnumerateArray().SelectMany(item => item.ValueKind == System.Text.Json.JsonValueKind.Array ? item.Ints() : [item.GetInt32()])];
        var segmentation = UnitArrays.Labels("keep_in");

        new KeepLargest(labels).Apply(segmentation, UnitArrays.Size("keep_in"));

        segmentation.Should().Equal(UnitArrays.Labels($"keep_{number}"));
    }

    [Fact]
    public void Pieces_are_those_of_a_plain_search()
    {
        var (size, random) = (new VolumeSize(6, 11, 13), new Random(4));
        for (var trial = 0; trial < 60; trial++)
        {
            var share = random.NextDouble() * 0.4;
            ushort[] labels = [.. Enumerable.Range(0, size.Voxels).Select(_ => (ushort)(random.NextDouble() < share ? 1 + random.Next(2) : 3))];
            var expected = Searched(labels);
            new KeepLargest(1, 2) { Background = 9 }.Apply(labels, size);
            labels.Should().Equal(expected);
        }

        ushort[] Searched(ushort[] labels)
        {
            var piece = new int[labels.Length];
            var sizes = new List<int> { 0 };
            for (var seed = 0; seed < labels.Length; seed++)
            {
                if (labels[seed] == 3 || piece[seed] != 0) continue;
                sizes.Add(0);
                var open = new Stack<int>([seed]);
                while (open.TryPop(out var place))
                {
                    if (piece[place] != 0) continue;
                    piece[place] = sizes.Count - 1;
                    sizes[^1]++;
                    var (z, y, x) = (place / size.Slice, place / size.X % size.Y, place % size.X);
                    for (var i = 0; i < 27; i++)
                    {
                        var (a, b, c) = (z + i / 9 - 1, y + i / 3 % 3 - 1, x + i % 3 - 1);
                        if (a < 0 || b < 0 || c < 0 || a >= size.Z || b >= size.Y || c >= size.X) continue;
                        var other = (a * size.Y + b) * size.X + c;
                        if (labels[other] != 3 && piece[other] == 0) open.Push(other);
                    }
                }
            }
            return [.. labels.Select((label, place) => piece[place] != 0 && sizes[piece[place]] < sizes.Max() ? (ushort)9 : label)];
        }
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(2, 0, 1)]
    [InlineData(1, 2, 0)]
    [InlineData(2, 1, 0)]
    public void Axes_go_forth_and_back(params int[] forward)
    {
        var (order, size) = (new AxisOrder(forward), new VolumeSize(2, 3, 4));
        int[] values = [.. Enumerable.Range(0, 24)];
        var moved = order.Forward(values, size);
        var there = order.Forward(size);
        there.Should().Be(VolumeSize.Of(size[forward[0]], size[forward[1]], size[forward[2]]));
        order.Forward(new VolumeSpacing(2, 3, 4)).Should().Be(VolumeSpacing.Of(there.Z, there.Y, there.X));
        // The place (1, 2, 3) of the image.
        int[] place = [1, 2, 3];
        moved[(place[forward[0]] * there.Y + place[forward[1]]) * there.X + place[forward[2]]].Should().Be(23);
        order.Backward(moved, there).Should().Equal(values);
        order.Backward(there).Should().Be(size);
        ((Action)(() => _ = new AxisOrder(0, 1, 1))).Should().Throw<ArgumentException>().WithMessage("An order of axes has 0, 1 and 2 once each, not 0, 1, 1.*");
    }

    [Fact]
    public void A_box_is_cut_out_and_put_back()
    {
        var (size, box) = (new VolumeSize(4, 5, 6), new VolumeBox(new(1, 3), new(0, 4), new(2, 6)));
        int[] values = [.. Enumerable.Range(0, size.Voxels)];
        var whole = box.PutBack(box.Cut(values, size), size, -1);
        for (var i = 0; i < whole.Length; i++)
        {
            int[] at = [i / 30, i / 6 % 5, i % 6];
            whole[i].Should().Be(Enumerable.Range(0, 3).All(axis => at[axis] >= box[axis].Start && at[axis] < box[axis].End) ? i : -1);
        }
        ((Action)(() => box.Cut(values[..60], new VolumeSize(2, 5, 6)))).Should().Throw<ArgumentException>().WithMessage("The part [1, 3) x [0, 4) x [2, 6) reaches beyond a volume of 6 x 5 x 2.*");
        ((Action)(() => box.Cut(values, new VolumeSize(4, 5, 5)))).Should().Throw<ArgumentException>().WithMessage("120 numbers don't fill a volume of 5 x 5 x 4.*");
    }

    [Fact]
    public void The_mean_of_models_is_theirs()
    {
        var ensemble = new Ensemble();
        ((Action)(() => ensemble.Mean())).Should().Throw<InvalidOperationException>();
        ensemble.Add([[0.25f, 1], [0.75f, 0]]);
        ensemble.Add([[0.5f, 0], [0.5f, 1]]);
        ensemble.Mean().Should().BeEquivalentTo((float[][])[[0.375f, 0.5f], [0.625f, 0.5f]]);
        ((Action)(() => ensemble.Add([[0, 0]]))).Should().Throw<ArgumentException>().WithMessage("There are 1 heads; those before have 2.*");
    }
}
