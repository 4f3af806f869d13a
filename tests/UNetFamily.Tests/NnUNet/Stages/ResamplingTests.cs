using System.Text.Json;
using UNetFamily.NnUNet;

namespace UNetFamily.Tests.NnUNet.Stages;

public class ResamplingTests
{
    // Of numbers of 1 to 10; nnU-Net's own are rounded to single precision.
    private const float Close = 1e-5f;

    public static TheoryData<int> Calls => UnitArrays.Numbers("resample");

    [Theory]
    [MemberData(nameof(Calls))]
    public void Gives_what_nnUNet_gives(int number)
    {
        var call = UnitArrays.Of("resample", number);
        var (input, output, rule) = ($"resample_{number}_in", $"resample_{number}_out", Rule(call));
        var (from, to) = (UnitArrays.Size(input), VolumeSize.Of(call.GetProperty("new_shape").Ints()));
        var (current, target) = (VolumeSpacing.Of(call.GetProperty("current_spacing").Doubles()), VolumeSpacing.Of(call.GetProperty("new_spacing").Doubles()));
        to.Should().Be(UnitArrays.Size(output));

        if (call.GetProperty("kwargs").GetProperty("is_seg").GetBoolean())
            VolumeResampling.ResampleLabels(UnitArrays.Shorts(input), from, to, current, target, rule).Should().Equal(UnitArrays.Shorts(output));
        else if (call.GetProperty("in").GetString() == "float16")
        {
            var found = UnitArrays.Halves(input).Channels(input).SelectMany(head => LogitResampling.Resample(head, from, to, current, target, rule)).ToArray();
            if (rule.Method == ResamplingMethod.Torch) Near(found, UnitArrays.Floats(output));
            else RoundedAlike(found, UnitArrays.Halves(output));
        }
        else Near([.. UnitArrays.Floats(input).Channels(input).SelectMany(channel => VolumeResampling.Resample(channel, from, to, current, target, rule))], UnitArrays.Floats(output));
    }

    [Fact]
    public void The_axis_with_thick_slices_is_found_as_nnUNet_finds_it()
    {
        foreach (var call in UnitArrays.Of("sep_z"))
        {
            var rule = new ResamplingRule { ForceSeparateZ = call.GetProperty("force_separate_z").Flag() };
            var axis = rule.SeparateAxis(VolumeSpacing.Of(call.GetProperty("current").Doubles()), VolumeSpacing.Of(call.GetProperty("new").Doubles()));
            axis.Should().Be(call.GetProperty("do_separate_z").GetBoolean() ? call.GetProperty("axis").GetInt32() : null, call.ToString());
        }
    }

    [Fact]
    public void The_new_size_is_rounded_as_nnUNet_rounds_it()
    {
        foreach (var call in UnitArrays.Of("new_shape"))
        {
            ResampledSize.Of(VolumeSize.Of(call.GetProperty("old_shape").Ints()), VolumeSpacing.Of(call.GetProperty("old_spacing").Doubles()), VolumeSpacing.Of(call.GetProperty("new_spacing").Doubles()))
                .Should().Be(VolumeSize.Of(call.GetProperty("new_shape").Ints()), call.ToString());
        }
    }

    [Fact]
    public void A_size_that_makes_no_sense_is_refused()
    {
        var (size, one) = (new VolumeSize(3, 20, 30), new VolumeSpacing(1, 1, 1));
        Sizing(new(1, 1, 0)).Should().Throw<ArgumentException>().WithMessage("The distance between voxels must be above 0 along each axis, is 0 x 1 x 1.*");
        Sizing(new(7, 1, 1)).Should().Throw<ArgumentException>().WithMessage("30 x 20 x 3 voxels of 1 x 1 x 1 mm are less than a voxel of 1 x 1 x 7 mm along axis Z. The largest distance that leaves one is 3.*");
        Sizing(new(0.0001, 0.0001, 0.0001)).Should().Throw<ArgumentException>().WithMessage("*would be more than*");

        Action Sizing(VolumeSpacing target) => () => ResampledSize.Of(size, one, target);
    }

    [Fact]
    public void A_volume_on_its_own_grid_is_handed_back()
    {
        var (values, size, spacing) = (new float[24], new VolumeSize(2, 3, 4), new VolumeSpacing(1, 1, 1));
        VolumeResampling.Resample(values, size, size, spacing, spacing, ResamplingRule.Data).Should().BeSameAs(values);
        VolumeResampling.Resample(values, size, new VolumeSize(9, 9, 9), spacing, spacing, new ResamplingRule { Method = ResamplingMethod.None }).Should().BeSameAs(values);
    }

    public static TheoryData<int, int, bool?, int> Ways()
    {
        var data = new TheoryData<int, int, bool?, int>();
        foreach (var order in (int[])[0, 1, 3])
            foreach (var orderZ in (int[])[0, 1, 3])
                foreach (var force in (bool?[])[null, true, false])
                    for (var thick = 0; thick < 3; thick++) data.Add(order, orderZ, force, thick);
        return data;
    }

    /// <summary>The streams, planes and turned axes of the fast way, against the definition: every voxel for itself, over all its neighbours.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_rule_along_every_axis_is_its_definition(int order, int orderZ, bool? force, int thick)
    {
        var (from, to) = (new VolumeSize(5, 7, 6), new VolumeSize(9, 4, 11));
        double[] distances = [1, 1.1, 1.2];
        distances[thick] = 5;
        var (spacing, rule) = (VolumeSpacing.Of(distances), new ResamplingRule { Order = order, OrderZ = orderZ, ForceSeparateZ = force });
        var random = new Random(order + 10 * orderZ + 100 * thick);
        float[] values = [.. Enumerable.Range(0, from.Voxels).Select(_ => random.NextSingle() * 10)];

        Near(VolumeResampling.Resample(values, from, to, spacing, spacing, rule), PlainResampling.Of(values, from, to, spacing, rule));

        Half[] logits = [.. values.Select(value => (Half)value)];
        var expected = PlainResampling.Of(Array.ConvertAll(logits, value => (float)value), from, to, spacing, rule);
        var found = LogitResampling.Resample(logits, from, to, spacing, spacing, rule);
        for (var i = 0; i < found.Length; i++) Math.Abs(found[i] - (float)(Half)expected[i]).Should().BeLessThanOrEqualTo(0.008f);
    }

    /// <summary>Lines are worked on in blocks, and slices by several threads.</summary>
    [Theory]
    [InlineData(3, false)]
    [InlineData(3, null)]
    [InlineData(1, false)]
    public void Long_sides_are_no_different(int order, bool? force)
    {
        var (from, to, spacing, random) = (new VolumeSize(9, 71, 67), new VolumeSize(37, 85, 50), new VolumeSpacing(5, 1, 1.1), new Random(order));
        var rule = new ResamplingRule { Order = order, OrderZ = 1, ForceSeparateZ = force };
        float[] values = [.. Enumerable.Range(0, from.Voxels).Select(_ => random.NextSingle() * 10)];
        Near(VolumeResampling.Resample(values, from, to, spacing, spacing, rule), PlainResampling.Of(values, from, to, spacing, rule));
    }

    [Theory]
    [InlineData(1, 0, null)]
    [InlineData(0, 0, null)]
    [InlineData(3, 0, null)]
    [InlineData(3, 1, false)]
    [InlineData(1, 1, true)]
    public void Labels_by_slices_are_those_of_whole_logits(int order, int orderZ, bool? force)
    {
        var (from, to, random) = (new VolumeSize(12, 7, 6), new VolumeSize(41, 9, 5), new Random(5));
        var (current, target) = (new VolumeSpacing(5, 1, 1.1), new VolumeSpacing(1.4, 0.8, 1.3));
        ReadOnlyMemory<Half>[] heads = [.. Enumerable.Range(0, 4).Select(_ => (ReadOnlyMemory<Half>)Enumerable.Range(0, from.Voxels).Select(_ => (Half)(random.NextSingle() * 4 - 2)).ToArray())];
        var rule = new ResamplingRule { Order = order, OrderZ = orderZ, ForceSeparateZ = force };
        float[][] whole = [.. heads.Select(head => LogitResampling.Resample(head, from, to, current, target, rule))];

        foreach (var scheme in (LabelScheme[])[LabelScheme.Plain(4), LabelScheme.Regions(3, 1, 2, 4)])
        {
            LogitResampling.Labels(heads, from, to, current, target, rule, scheme).Should().Equal(scheme.FromLogits(whole));
            var probabilities = LogitResampling.Probabilities(heads, from, to, current, target, rule, scheme);
            scheme.FromProbabilities(probabilities).Zip(scheme.FromLogits(whole)).Count(pair => pair.First != pair.Second).Should().BeLessThanOrEqualTo(3, "logits that are nearly equal may be equal as probabilities");
        }
    }

    [Fact]
    public void Labels_take_no_memory_of_the_logits_size()
    {
        var (from, to) = (new VolumeSize(20, 60, 60), new VolumeSize(80, 120, 120));
        var spacing = new VolumeSpacing(1, 1, 1);
        ReadOnlyMemory<Half>[] heads = [.. Enumerable.Range(0, 30).Select(_ => (ReadOnlyMemory<Half>)new Half[from.Voxels])];
        var before = GC.GetTotalAllocatedBytes();
        LogitResampling.Labels(heads, from, to, spacing, spacing, ResamplingRule.Linear, LabelScheme.Plain(30));
        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(40L * to.Voxels, "logits would take 60 bytes for each voxel in half precision");
    }

    [Fact]
    public void A_wrong_rule_is_refused_with_all_that_is_wrong()
    {
        var (size, spacing) = (new VolumeSize(2, 2, 2), new VolumeSpacing(1, 1, 1));
        var resampling = () => VolumeResampling.Resample(new float[8], size, new VolumeSize(3, 3, 3), spacing, spacing, new ResamplingRule { Order = 2, OrderZ = 5 });
        resampling.Should().Throw<ArgumentException>().WithMessage("Order must be 0, 1 or 3, is 2. OrderZ must be 0, 1 or 3, is 5.*");
        ((Action)(() => VolumeResampling.Resample(new float[7], size, size, spacing, spacing, ResamplingRule.Data))).Should().Throw<ArgumentException>().WithMessage("7 numbers don't fill a volume of 2 x 2 x 2.*");
    }

    private static ResamplingRule Rule(JsonElement call)
    {
        var arguments = call.GetProperty("kwargs");
        var force = arguments.GetProperty("force_separate_z").Flag();
        return call.GetProperty("fn").GetString() == "resample_torch_fornnunet" ? new ResamplingRule { Method = ResamplingMethod.Torch, ForceSeparateZ = force }
            : new ResamplingRule { Order = arguments.GetProperty("order").GetInt32(), OrderZ = arguments.GetProperty("order_z").GetInt32(), ForceSeparateZ = force };
    }

    // Between two numbers of half precision the value may lie just in the middle: then the last bit of a double decides, which depends on the order of the sums.
    private static void RoundedAlike(float[] found, Half[] expected)
    {
        var different = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            if (found[i] == (float)expected[i]) continue;
            different++;
            found[i].Should().BeOneOf((float)Half.BitIncrement(expected[i]), (float)Half.BitDecrement(expected[i]));
        }
        ((double)different / expected.Length).Should().BeLessThan(0.005);
    }

    private static void Near(float[] found, float[] expected)
    {
        found.Should().HaveSameCount(expected);
        found.Zip(expected).Max(pair => Math.Abs(pair.First - pair.Second)).Should().BeLessThanOrEqualTo(Close);
    }
}
