namespace UNetFamily.Tests;

/// <summary>Receptive fields against brute force: the pixels of the input at which the gradient of one pixel of the logits isn't zero.</summary>
public sealed class ReceptiveFieldTests
{
    public static TheoryData<string> Names() => SmallNetworks.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void Are_where_the_gradient_is_not_zero(string name)
    {
        var (options, size) = SmallNetworks.Find(name);
        using var scope = NewDisposeScope();
        using var model = Positive(options);
        var field = model.Summary(size).ReceptiveField;
        var logits = size.Select((_, axis) => OutputOf(model, size)[axis]).ToArray();

        foreach (var pixel in Pixels(logits))
        {
            var (predicted, seen) = (field.Of(pixel), Seen(model, size, pixel));
            // Where padding leaves one path empty on one axis only, the box is documented to be an upper bound.
            if (HasEmptyPaths(options, size, pixel))
                predicted.Zip(seen).Should().OnlyContain(axis => axis.First.Start <= axis.Second.Start && axis.First.End >= axis.Second.End, $"pixel ({string.Join(", ", pixel)})");
            else predicted.Should().Equal(seen, $"pixel ({string.Join(", ", pixel)}) of {name}");
            seen.Should().NotContain((0L, 0L), "every pixel sees something");
        }
    }

    [Fact]
    public void Of_published_networks_are_known()
    {
        // By hand: a pixel of the bottleneck sees 140 pixels, and one of the logits 4 or 5 of those, 16 pixels apart.
        Sides("unet-milesial", 256, 256).Should().Equal(204, 204);
        Sides("unet-paper", 572, 572).Should().Equal([204, 204], "padding doesn't change how much a pixel sees");
        using var unet = ModelCatalog.Find("unet-milesial").Options.Build();
        var field = unet.Summary(512, 512).ReceptiveField;
        Enumerable.Range(240, 32).Select(column => field.Of(256, column)[1]).Select(box => box.End - box.Start).Distinct().Should().BeEquivalentTo([188, 204]);
        using var nnunet = ModelCatalog.Find("nnunet-3d").Options.Build();
        nnunet.Summary(64, 64, 64).ReceptiveField.Should().Be(nnunet.Summary(64, 64, 64).ReceptiveField);
        nnunet.Summary(64, 64, 64).ReceptiveField.Sides.Should().Equal(nnunet.Summary(128, 128, 128).ReceptiveField.Sides, "it doesn't depend on the image");
        nnunet.Summary(64, 64, 64).ReceptiveField.Of(32, 32, 32).Should().Equal((0, 64), (0, 64), (0, 64));

        static IEnumerable<long> Sides(string name, params long[] size)
        {
            using var model = ModelCatalog.Find(name).Options.Build();
            return model.Summary(size).ReceptiveField.Sides;
        }
    }

    [Fact]
    public void Attention_sees_the_whole_image()
    {
        using var model = new UnetrPlusPlusOptions { InChannels = 1, OutChannels = 2, ImageSize = (32, 32), PatchSize = 2, SpatialDims = SpatialDims.Two, FeatureSize = 4 }.Build();
        var field = model.Summary(32, 32).ReceptiveField;
        field.IsWholeImage.Should().BeTrue();
        field.Sides.Should().Equal(32, 32);
        field.Of(0, 31).Should().Equal((0, 32), (0, 32));
        field.ToString().Should().Be("the whole image");
    }

    [Fact]
    public void A_wrong_number_of_coordinates_is_refused()
    {
        using var model = new UNetOptions { InChannels = 1, OutChannels = 2, Widths = [2, 3] }.Build();
        var field = model.Summary(8, 8).ReceptiveField;
        FluentActions.Invoking(() => field.Of(1)).Should().Throw<ArgumentException>().WithMessage("A pixel has 2 coordinates here, got 1.*");
    }

    /// <summary>A network without norms whose weights are all positive and average what comes in, so that nothing cancels, dies or overflows.</summary>
    private static SegmentationModel Positive(SegmentationModelOptions options)
    {
        var model = (options switch
        {
            UNetOptions unet => unet with { Norm = Normalization.None },
            UNetPlusPlusOptions nested => nested with { Norm = Normalization.None },
            PlainConvUNetOptions plain => plain with { Norm = Normalization.None },
            ResidualEncoderUNetOptions residual => residual with { Norm = Normalization.None },
            ConvUNeXtOptions convunext => convunext with { Norm = Normalization.None },
            MedNeXtOptions mednext => mednext with { Norm = Normalization.None },
            _ => options,
        }).Build();
        model.to(ScalarType.Float64);
        model.eval();
        using var noGradient = no_grad();
        foreach (var parameter in model.parameters()) parameter.fill_(parameter.dim() > 1 ? 1.0 / parameter[0].numel() : 0.1);
        return model;
    }

    private static long[] OutputOf(SegmentationModel model, long[] size) => [.. model.Summary(size).Root.Output!.Spatial];

    private static IEnumerable<long[]> Pixels(long[] sides)
    {
        yield return [.. sides.Select(side => side / 2)];
        yield return [.. sides.Select(side => 0L)];
        yield return [.. sides.Select(side => side - 1)];
        var random = new Random(7);
        for (var i = 0; i < 4; i++) yield return [.. sides.Select(side => random.NextInt64(side))];
    }

    private static bool HasEmptyPaths(SegmentationModelOptions options, long[] size, long[] pixel) => options switch
    {
        MedNeXtOptions => pixel.Any(side => side < 8),
        UNetOptions { Padded: true } => size.Zip(pixel).Any(axis => axis.First % 4 != 0 && axis.Second > axis.First - 8),
        _ => false,
    };

    /// <summary>
    /// Max pooling passes the gradient on to the largest value alone, so that it is computed twice: for values that grow along all axes, and for values that fall. Together the two find both ends of a box.
    /// </summary>
    private static (long Start, long End)[] Seen(SegmentationModel model, long[] size, long[] pixel)
    {
        var (growing, falling) = (Seen(model, size, pixel, 0.1), Seen(model, size, pixel, -0.1));
        return [.. growing.Zip(falling, (a, b) => (Math.Min(a.Start, b.Start), Math.Max(a.End, b.End)))];
    }

    private static (long Start, long End)[] Seen(SegmentationModel model, long[] size, long[] pixel, double slope)
    {
        using var scope = NewDisposeScope();
        var ramp = zeros([1, model.Options.InChannels, .. size], ScalarType.Float64);
        for (var axis = 0; axis < size.Length; axis++)
        {
            var sides = Enumerable.Repeat(1L, size.Length + 2).ToArray();
            sides[axis + 2] = size[axis];
            ramp = ramp + slope * arange(size[axis], ScalarType.Float64).reshape(sides);
        }
        var x = ramp.exp().requires_grad_();
        using var output = model.call(x);
        var logits = output.Logits.sum(1);
        foreach (var index in pixel) logits = logits.select(1, index);
        logits.sum().backward();
        var seen = x.grad!.sum(1).ne(0).to(ScalarType.Float64);
        return [.. size.Select((_, axis) =>
        {
            var others = Enumerable.Range(0, size.Length + 1).Where(other => other != axis + 1).Select(other => (long)other).ToArray();
            var along = seen.sum(others).data<double>().ToArray();
            return ((long)Array.FindIndex(along, count => count > 0), Array.FindLastIndex(along, count => count > 0) + 1L);
        })];
    }
}
