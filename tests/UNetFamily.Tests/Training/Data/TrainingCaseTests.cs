namespace UNetFamily.Tests.Training.Data;

public class TrainingCaseTests
{
    [Fact]
    public void Knows_its_shape_and_its_classes()
    {
        using var scope = NewDisposeScope();
        var labels = zeros([4, 5, 6], ScalarType.Int16);
        labels[1, 2, 3] = 2;
        var one = new TrainingCase("volume", ones([2, 4, 5, 6], ScalarType.Float64), labels, classes: 4);
        (one.SpatialDims, one.Channels, one.Size, one.Classes).Should().Be((SpatialDims.Three, 2, (Extent)(4, 5, 6), 4));
        one.Foreground.Should().Equal(2);
        one.Locations[2].Should().Equal((1 * 5 + 2) * 6 + 3);
        one.Locations[0].Should().BeEmpty();

        var image = new TrainingCase("image", ones(1, 4, 5), zeros([4, 5], ScalarType.Byte), classes: 2);
        (image.SpatialDims, image.Size).Should().Be((SpatialDims.Two, (Extent)(4, 5)));
        image.Foreground.Should().BeEmpty();
        NoLeaks.During(() => _ = new TrainingCase("again", labels.alias(), labels.alias()[0], 1)).Should().Be(3, "only the views of this test are left");
    }

    [Fact]
    public void Remembers_an_even_choice_of_places_of_a_large_class()
    {
        using var scope = NewDisposeScope();
        var labels = ones([300, 400], ScalarType.Byte);
        labels[0] = 0;
        var one = new TrainingCase("large", zeros(1, 300, 400), labels, classes: 2);
        var places = one.Locations[1];
        places.Should().HaveCount(TrainingCase.MostLocations).And.OnlyHaveUniqueItems().And.OnlyContain(place => place >= 400 && place < 120_000);
        var inEachTenth = places.GroupBy(place => (place - 400) / 11_960).Select(group => group.Count()).ToArray();
        inEachTenth.Should().HaveCount(10).And.OnlyContain(count => count > 850 && count < 1150, "a thousand are expected, with a deviation of 29");
    }

    [Fact]
    public void Ignored_voxels_are_no_foreground()
    {
        using var scope = NewDisposeScope();
        var labels = tensor([0L, 1, 255, 255], [2, 2]);
        var one = new TrainingCase("partly", zeros(1, 2, 2), labels, classes: 2, ignoreLabel: 255);
        one.Foreground.Should().Equal(1);
        new TrainingCase("inner", zeros(1, 2, 2), labels, classes: 256, ignoreLabel: 1).Foreground.Should().Equal(255);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Every_patch_of_a_sparsely_labelled_case_has_a_labelled_voxel(int batch)
    {
        using var scope = NewDisposeScope();
        // Four labelled voxels of 32,000: some with foreground, some without, near a border and inside.
        var (scribbles, background) = (full([20, 40, 40], 255, ScalarType.Byte), full([20, 40, 40], 9, ScalarType.Byte));
        foreach (var (d, h, w, label) in (ReadOnlySpan<(int, int, int, int)>)[(0, 0, 0, 0), (10, 20, 20, 0), (19, 39, 39, 1), (5, 30, 3, 2)]) scribbles[d, h, w] = label;
        foreach (var (d, h, w) in (ReadOnlySpan<(int, int, int)>)[(2, 39, 1), (15, 15, 15)]) background[d, h, w] = 0;
        var image = randn([1, 20, 40, 40]);
        var cases = new[] { new TrainingCase("scribbles", image, scribbles, classes: 3, ignoreLabel: 255), new TrainingCase("background", image, background, classes: 3, ignoreLabel: 9) };
        cases[0].Annotated.Should().HaveCount(4);
        cases[1].Foreground.Should().BeEmpty();

        foreach (var augmentation in (Augmentation[])[Augmentation.None, Augmentation.NnUNet(SpatialDims.Three, (6, 8, 8)) with { Steps = [] }])
        {
            var loader = new PatchLoader(cases, new PatchLoaderOptions { PatchSize = (6, 8, 8), BatchSize = batch, PaddingLabel = 255, Augmentation = augmentation, Seed = 3 });
            var seen = new HashSet<long>();
            foreach (var one in loader.Batches(100 / batch))
            {
                for (var sample = 0; sample < batch; sample++)
                {
                    long[] labels = [.. one.Labels[sample].flatten().data<long>()];
                    labels.Should().Contain(label => label < 3, "the voxel in the centre is labelled");
                    seen.UnionWith(labels);
                }
            }
            seen.Should().Contain([0, 1, 2]);
        }
    }

    [Fact]
    public void Patches_of_a_fully_labelled_case_lie_anywhere_as_before_and_so_do_those_where_nothing_is_labelled()
    {
        using var scope = NewDisposeScope();
        var (image, options) = (arange(900, ScalarType.Float32).view(1, 30, 30), new PatchLoaderOptions { PatchSize = 6, BatchSize = 2, OversampleForegroundPercent = 0, Seed = 3 });
        foreach (var one in (TrainingCase[])[new("labelled", image, zeros([30, 30], ScalarType.Byte), 2), new("nothing", image, full([30, 30], 7, ScalarType.Byte), 2, ignoreLabel: 7)])
        {
            var batches = new PatchLoader([one], options).Batches(100);
            batches.SelectMany(batch => new[] { batch.Images[0, 0, 0, 0].ToSingle(), batch.Images[1, 0, 0, 0].ToSingle() }).Distinct().Should().HaveCountGreaterThan(100);
        }
    }

    [Fact]
    public void Remembers_an_even_choice_of_labelled_places()
    {
        using var scope = NewDisposeScope();
        var labels = full([300, 400], 255, ScalarType.Byte);
        labels.narrow(0, 1, 299).fill_(0);
        var places = new TrainingCase("large", zeros(1, 300, 400), labels, classes: 2, ignoreLabel: 255).Annotated!;
        places.Should().HaveCount(TrainingCase.MostLocations).And.OnlyHaveUniqueItems().And.OnlyContain(place => place >= 400 && place < 120_000);
        places.GroupBy(place => (place - 400) / 11_960).Select(group => group.Count()).Should().HaveCount(10).And.OnlyContain(count => count > 850 && count < 1150);
    }

    [Fact]
    public void Refuses_what_does_not_fit()
    {
        using var scope = NewDisposeScope();
        var (image, labels) = (zeros(1, 4, 5), zeros([4, 5], ScalarType.Int64));
        Refused(() => new TrainingCase("a", image, zeros([5, 4], ScalarType.Int64), 2), "Case 'a': image must be (C, H, W) or (C, D, H, W) and labels the same without C; they are (1, 4, 5) and (5, 4).*");
        Refused(() => new TrainingCase("a", zeros(4, 5), labels, 2), "*they are (4, 5) and (4, 5).*");
        Refused(() => new TrainingCase("a", zeros(0, 4, 5), labels, 2), "*they are (0, 4, 5) and (4, 5).*");
        Refused(() => new TrainingCase("a", image, zeros(4, 5), 2), "Case 'a': image must hold real numbers and labels whole ones; they are Float32 and Float32.*");
        Refused(() => new TrainingCase("a", image, labels, 0), "classes must be 1 to 256, is 0.*");
        Refused(() => new TrainingCase("a", image, labels, 2, ignoreLabel: 256), "ignoreLabel must be 0 to 255, is 256.*");
        Refused(() => new TrainingCase("a", image, labels + 2, 2), "Case 'a': labels must be 0 to 1; they are 2 to 2.*");
        Refused(() => new TrainingCase("a", image, labels - 1, 2, ignoreLabel: 9), "Case 'a': labels must be 0 to 1 or 9; they are -1 to -1.*");
        Refused(() => new TrainingCase("a", image, labels + 256, 2), "*they are 256 to 256.*");
        image[0, 1, 2] = double.NaN;
        Refused(() => new TrainingCase("a", image, labels, 2), "Case 'a': every number of image must be finite; number 7 of 20 is NaN.*");

        static void Refused(Func<TrainingCase> make, string message) => FluentActions.Invoking(make).Should().Throw<ArgumentException>().WithMessage(message);
    }
}
