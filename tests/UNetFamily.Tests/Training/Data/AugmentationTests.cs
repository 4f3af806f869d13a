using static TorchSharp.torch.nn.functional;

namespace UNetFamily.Tests.Training.Data;

public class AugmentationTests
{
    public static TheoryData<SpatialDims, Extent> Sizes => new()
    {
        { SpatialDims.Two, (13, 22) },
        { SpatialDims.Three, (5, 12, 19) },
        { SpatialDims.Three, (1, 2, 3) },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Blur_is_the_direct_convolution(SpatialDims dims, Extent size)
    {
        foreach (var sigma in (double[])[0.5, 0.8, 1, 2.3])
        {
            var patch = Patches.Random(dims, 2, size);
            var before = patch.Numbers(1);
            new RandomBlur { Sigma = (sigma, sigma), ChannelProbability = 1 }.Apply(patch, new PatchRandom(0, 0, 0));

            // All axes at once, in double precision; the width is the odd number nearest to 6 sigma + 1/2.
            var width = Enumerable.Range(1, 30).Where(w => w % 2 == 1 && w >= 3).MinBy(w => Math.Abs(w - (6 * sigma + 0.5)));
            var kernel = Enumerable.Range(-(width / 2), width).Select(i => (Step: i, Weight: Math.Exp(-i * i / (2 * sigma * sigma)))).ToArray();
            var sum = kernel.Sum(tap => tap.Weight);
            (int Step, double Weight)[] down = dims is SpatialDims.Three ? kernel : [(0, sum)];
            var after = patch.Numbers(1);
            foreach (var (z, y, x) in Places(patch))
            {
                var expected = 0.0;
                foreach (var d in down)
                    foreach (var h in kernel)
                        foreach (var w in kernel)
                            expected += d.Weight * h.Weight * w.Weight / (sum * sum * sum)
                                * before[Index(patch, Reflected(z + d.Step, patch.Depth), Reflected(y + h.Step, patch.Height), Reflected(x + w.Step, patch.Width))];
                Assert.Equal(expected, after[Index(patch, z, y, x)], 2e-6);
            }
        }

        static int Reflected(int place, int side)
        {
            if (side == 1) return 0;
            while (place < 0 || place >= side) place = place < 0 ? -place : 2 * (side - 1) - place;
            return place;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Low_resolution_is_down_and_up_again(SpatialDims dims, Extent size)
    {
        using var scope = NewDisposeScope();
        foreach (var zoom in (double[])[0.5, 0.62, 0.75, 0.99, 1])
        {
            foreach (var within in (bool[])[false, true])
            {
                var patch = Patches.Random(dims, 2, size);
                var before = patch.Image().unsqueeze(0);
                new RandomLowResolution { Zoom = (zoom, zoom), ChannelProbability = 1, WithinSlices = within }.Apply(patch, new PatchRandom(0, 0, 0));

                long[] small = [.. patch.Size().Select(side => Math.Max(1, (long)Math.Round(zoom * side)))];
                if (within && dims is SpatialDims.Three) small[0] = patch.Depth;
                var reduced = interpolate(before, small, mode: InterpolationMode.NearestExact, align_corners: false);
                var expected = interpolate(reduced, patch.Size(), mode: dims is SpatialDims.Two ? InterpolationMode.Bilinear : InterpolationMode.Trilinear, align_corners: false).squeeze(0);
                TensorAssert.Close(patch.Image(), expected, 5e-6, $"zoom {zoom}");
            }
        }
    }

    [Theory]
    [InlineData(0.7, false)]
    [InlineData(1.5, false)]
    [InlineData(0.7, true)]
    [InlineData(1.5, true)]
    public void Gamma_is_its_formula(double gamma, bool inverted)
    {
        var patch = Patches.Random(SpatialDims.Two, 1, (17, 23));
        var before = patch.Numbers();
        new RandomGamma { Gamma = (gamma, gamma), Inverted = inverted, RetainStatistics = false }.Apply(patch, new PatchRandom(0, 0, 0));

        var sign = inverted ? -1 : 1;
        var numbers = before.Select(x => sign * x).ToArray();
        var (least, range) = (numbers.Min(), numbers.Max() - numbers.Min());
        Close(patch.Numbers(), numbers.Select(x => sign * (least + range * Math.Pow((x - least) / range, gamma))), 5e-6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gamma_keeps_mean_deviation_and_order(bool inverted)
    {
        var patch = Patches.Random(SpatialDims.Three, 2, (9, 10, 11));
        Rows.Affine(patch.Channel(1), 3, 200);
        foreach (var channel in (int[])[0, 1])
        {
            var before = patch.Numbers(channel);
            new RandomGamma { Inverted = inverted }.Apply(patch, new PatchRandom(3, 0, channel));
            var after = patch.Numbers(channel);
            after.Should().NotEqual(before);
            after.Average().Should().BeApproximately(before.Average(), 2e-5 * (1 + channel * 10));
            Deviation(after).Should().BeApproximately(Deviation(before), 2e-5 * (1 + channel * 10));
            var ranks = before.Select((value, i) => (value, i)).OrderBy(pair => pair.value).Select(pair => after[pair.i]).ToArray();
            ranks.Zip(ranks.Skip(1)).Should().OnlyContain(pair => pair.First <= pair.Second + 1e-6);
        }

        var flat = Patches.Empty(SpatialDims.Two, 1, 4);
        flat.Channel(0).Fill(5);
        new RandomGamma { Inverted = inverted }.Apply(flat, new PatchRandom(0, 0, 0));
        flat.Numbers().Should().OnlyContain(value => value == 5, "there is nothing to stretch");
    }

    [Theory]
    [InlineData(0.75)]
    [InlineData(1.25)]
    public void Contrast_is_its_formula(double factor)
    {
        foreach (var preserved in (bool[])[true, false])
        {
            var patch = Patches.Random(SpatialDims.Two, 1, (17, 23));
            var before = patch.Numbers();
            new RandomContrast { Factor = (factor, factor), PreserveRange = preserved }.Apply(patch, new PatchRandom(0, 0, 0));
            var (mean, least, most) = (before.Average(), before.Min(), before.Max());
            Close(patch.Numbers(), before.Select(x => mean + factor * (x - mean)).Select(x => preserved ? Math.Clamp(x, least, most) : x), 1e-6);
        }
    }

    [Fact]
    public void Brightness_multiplies_each_channel_by_its_own_factor()
    {
        var patch = Patches.Random(SpatialDims.Three, 3, (5, 6, 7));
        var before = Enumerable.Range(0, 3).Select(patch.Numbers).ToArray();
        new RandomBrightness().Apply(patch, new PatchRandom(1, 0, 0));
        var factors = before.Select((numbers, channel) => patch.Numbers(channel)[0] / numbers[0]).ToArray();
        factors.Should().OnlyContain(factor => factor >= 0.75 && factor <= 1.25).And.OnlyHaveUniqueItems();
        for (var channel = 0; channel < 3; channel++) Close(patch.Numbers(channel), before[channel].Select(x => factors[channel] * x), 1e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Noise_has_the_deviation_that_was_drawn(bool perChannel)
    {
        var patch = Patches.Random(SpatialDims.Two, 3, (250, 203));
        var before = Enumerable.Range(0, 3).Select(patch.Numbers).ToArray();
        new RandomNoise { Deviation = (0.1, 0.5), PerChannel = perChannel }.Apply(patch, new PatchRandom(1, 0, 0));
        var noise = before.Select((numbers, channel) => patch.Numbers(channel).Zip(numbers, (a, b) => a - b).ToArray()).ToArray();
        var deviations = noise.Select(Deviation).ToArray();
        deviations.Should().OnlyContain(deviation => deviation > 0.09 && deviation < 0.51);
        (deviations.Max() / deviations.Min() > 1.05).Should().Be(perChannel);
        foreach (var channel in noise) channel.Average().Should().BeApproximately(0, 0.01);
        noise[0].Zip(noise[1], (a, b) => a * b).Average().Should().BeApproximately(0, 0.005, "channels have noise of their own");
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Mirroring_is_exact(SpatialDims dims, Extent size)
    {
        using var scope = NewDisposeScope();
        for (var axis = 0; axis < (int)dims; axis++)
        {
            var patch = Patches.Random(dims, 2, size);
            var (image, labels) = (patch.Image().flip(axis + 1), patch.LabelMap().flip(axis));
            new RandomMirror { Axes = [axis], AxisProbability = 1 }.Apply(patch, new PatchRandom(0, 0, 0));
            TensorAssert.Equal(patch.Image(), image);
            TensorAssert.Equal(patch.LabelMap(), labels);
        }
    }

    [Fact]
    public void Each_combination_of_mirrored_axes_comes_up()
    {
        using var scope = NewDisposeScope();
        var seen = new HashSet<string>();
        for (var seed = 0; seed < 60; seed++)
        {
            var patch = Patches.Random(SpatialDims.Three, 1, (2, 3, 4));
            new RandomMirror().Apply(patch, new PatchRandom(seed, 0, 0));
            seen.Add(string.Join(",", patch.Numbers()));
        }

        seen.Should().HaveCount(8);
    }

    [Fact]
    public void A_channel_is_changed_as_often_as_said_and_labels_never()
    {
        ChannelAugmentation[] steps = [new RandomNoise(), new RandomBlur(), new RandomBrightness(), new RandomContrast(), new RandomLowResolution { Zoom = (0.5, 0.6) }, new RandomGamma()];
        foreach (var step in steps)
        {
            var changed = 0;
            for (var seed = 0; seed < 200; seed++)
            {
                var patch = Patches.Random(SpatialDims.Two, 2, 8);
                var (before, labels) = (patch.Numbers(1), patch.Labels.ToArray());
                (step with { ChannelProbability = 0.4 }).Apply(patch, new PatchRandom(seed, 1, 1));
                if (!patch.Numbers(1).SequenceEqual(before)) changed++;
                patch.Labels.SequenceEqual(labels).Should().BeTrue();
            }

            changed.Should().BeInRange(50, 110, "{0} has a deviation of 7", step);
        }
    }

    [Fact]
    public void The_recipe_is_nnUNets()
    {
        var volume = Augmentation.NnUNet(SpatialDims.Three, (64, 96, 96));
        volume.Affine.Should().Be(new RandomAffine { RotationProbability = 0.2, Degrees = (-30, 30), ScaleProbability = 0.2, Scale = (0.7, 1.4) });
        volume.Steps.Should().Equal(
            new RandomNoise { Probability = 0.1, Deviation = (0, 0.1) },
            new RandomBlur { Probability = 0.2, ChannelProbability = 0.5, Sigma = (0.5, 1) },
            new RandomBrightness { Probability = 0.15, Factor = (0.75, 1.25) },
            new RandomContrast { Probability = 0.15, Factor = (0.75, 1.25), PreserveRange = true },
            new RandomLowResolution { Probability = 0.25, ChannelProbability = 0.5, Zoom = (0.5, 1) },
            new RandomGamma { Probability = 0.1, Inverted = true, Gamma = (0.7, 1.5), RetainStatistics = true },
            new RandomGamma { Probability = 0.3, Gamma = (0.7, 1.5), RetainStatistics = true },
            new RandomMirror { AxisProbability = 0.5 });
        volume.Should().Be(Augmentation.NnUNet(SpatialDims.Three, 128), "equal choices are equal");

        var flat = Augmentation.NnUNet(SpatialDims.Three, (31, 96, 64));
        flat.Affine.Should().Be(new RandomAffine { Degrees = (-180, 180), WithinSlices = true });
        flat.Steps.OfType<RandomLowResolution>().Single().WithinSlices.Should().BeTrue();
        Augmentation.NnUNet(SpatialDims.Three, (32, 96, 64)).Affine!.WithinSlices.Should().BeFalse();
        Augmentation.NnUNet(SpatialDims.Two, (96, 64)).Affine.Should().Be(new RandomAffine { Degrees = (-180, 180) });
        Augmentation.NnUNet(SpatialDims.Two, (97, 64)).Affine.Should().Be(new RandomAffine { Degrees = (-15, 15) });
        FluentActions.Invoking(() => Augmentation.NnUNet(SpatialDims.Two, (0, 64))).Should().Throw<ArgumentException>().WithMessage("patchSize must be positive on every axis, is (0, 64).*");
    }

    [Fact]
    public void Rotation_and_scale_are_drawn_as_often_as_said_and_from_their_ranges()
    {
        var affine = new RandomAffine { Degrees = (-30, 30) };
        var maps = Enumerable.Range(0, 2000).Select(seed => affine.Draw(SpatialDims.Three, new PatchRandom(seed, 0, 0))).ToArray();
        maps.Count(map => map is null).Should().BeInRange(1200, 1360, "8 of 10 are not rotated, 8 of 10 of these not scaled");
        var scales = maps.OfType<AffineMap>().Select(map => Length(map.Across)).ToArray();
        scales.Count(scale => Math.Abs(scale - 1) > 1e-9).Should().BeInRange(330, 470);
        scales.Should().OnlyContain(scale => scale > 0.7 - 1e-9 && scale < 1.4 + 1e-9);

        var flat = (affine with { WithinSlices = true, RotationProbability = 1 }).Draw(SpatialDims.Three, new PatchRandom(1, 0, 0))!.Value;
        flat.Down.Should().Be(new AffineMap.Vector(1, 0, 0));
        (flat.Along.D, flat.Across.D).Should().Be((0, 0));

        static double Length(AffineMap.Vector v) => Math.Sqrt(v.D * v.D + v.H * v.H + v.W * v.W);
    }

    private static double Deviation(double[] values) => Math.Sqrt(values.Average(value => value * value) - values.Average() * values.Average());

    private static void Close(double[] actual, IEnumerable<double> expected, double tolerance)
    {
        foreach (var (a, b) in actual.Zip(expected)) Assert.Equal(b, a, tolerance);
    }

    private static int Index(TrainingPatch patch, int z, int y, int x) => (z * patch.Height + y) * patch.Width + x;

    private static IEnumerable<(int, int, int)> Places(TrainingPatch patch) =>
        from z in Enumerable.Range(0, patch.Depth) from y in Enumerable.Range(0, patch.Height) from x in Enumerable.Range(0, patch.Width) select (z, y, x);
}
