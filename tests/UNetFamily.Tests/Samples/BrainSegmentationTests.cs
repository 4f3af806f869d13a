using FluentAssertions;
using UNetFamily.Samples.BrainSegmentation;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Report;
using UNetFamily.Samples.BrainSegmentation.Training;
using UNetFamily.Tests.Checkpoints;
using UNetFamily.Tests.Plots;
using Xunit;

namespace UNetFamily.Tests.Samples;

/// <summary>The parts of the brain sample that its figures rest on.</summary>
public sealed class BrainSegmentationTests
{
    // ---- Scores ----

    [Fact]
    public void Dice_counts_the_pixels_of_all_slices_together()
    {
        var row = Grid([0, 0, 0, 0]);
        var scores = new SliceScores(["background", "one", "two", "three"]).Add(7, [1, 1, 2, 0], [1, 2, 2, 0], row).Add(8, [0, 1, 0, 0], [1, 1, 0, 0], row);

        scores.Dice(1).Should().BeApproximately(2 * 2 / 6.0, 1e-12);
        scores.Dice(2).Should().BeApproximately(2 * 1 / 3.0, 1e-12);
        scores.Dice(3).Should().Be(double.NaN, "neither side has it");
        scores.MeanDice.Should().BeApproximately((2 / 3.0 + 2 / 3.0) / 2, 1e-12, "the background and absent classes don't count");
        scores.Report.Cases.Select(score => score.Case).Distinct().Should().Equal("slice 7", "slice 8");
    }

    [Fact]
    public void Distances_are_in_millimetres()
    {
        var row = Grid([0, 0, 0, 0, 0], new NiftiGeometry { PixDim = [1, 2.5f, 1, 1] });

        new SliceScores(["background", "one"]).Add(0, [1, 0, 0, 0, 0], [0, 0, 0, 1, 0], row).Hausdorff(1).Should().BeApproximately(7.5, 1e-9);
    }

    [Fact]
    public void Dice_of_a_class_that_one_side_invents_is_zero() => new SliceScores(["background", "one"]).Add(0, [1, 0], [0, 0], Grid([0, 0])).MeanDice.Should().Be(0);

    // ---- Labels and subjects ----

    [Fact]
    public void Every_region_of_the_atlas_has_a_group()
    {
        var scheme = LabelScheme.Aal;

        scheme.ClassOf.Keys.Should().BeEquivalentTo(Enumerable.Range(1, 116));
        scheme.ClassOf.Values.Distinct().Should().BeEquivalentTo([1, 2, 3, 4, 5, 6, 7]);
        scheme.Names.Should().HaveCount(8);
        (scheme.ClassOf[29], scheme.ClassOf[41], scheme.ClassOf[77], scheme.ClassOf[116]).Should().Be(((byte)5, (byte)5, (byte)6, (byte)7));
    }

    [Fact]
    public void Own_labels_become_classes_in_their_order()
    {
        var scheme = LabelScheme.Of(Grid([0, 300, 7, 300, 0]));

        scheme.Names.Should().Equal("background", "label 7", "label 300");
        scheme.Classify(Grid([300, 7, 0, 5, 0])).Should().Equal(2, 1, 0, 0, 0);
        scheme.MirrorSymmetric.Should().BeFalse("left and right may be different labels");
    }

    [Theory]
    [InlineData(1.5f, "labels must be whole numbers from 0 on.")]
    [InlineData(-1f, "labels must be whole numbers from 0 on.")]
    [InlineData(float.NaN, "labels must be whole numbers from 0 on.")]
    [InlineData(0f, "a label volume needs 2 to 64 different values, this one has 1.")]
    public void What_is_no_label_is_refused(float value, string message)
    {
        var reading = () => LabelScheme.Of(Grid([0, value]));

        reading.Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void Image_and_labels_must_share_a_grid()
    {
        var image = Grid([1, 2, 3]);

        Joining(image, Grid([0, 1])).Should().Throw<InvalidDataException>().WithMessage("the image has 3 x 1 x 1 voxels, the labels have 2 x 1 x 1.");
        Joining(image, Grid([0, 1, 1], NiftiGeometry.Plain(2))).Should().Throw<InvalidDataException>().WithMessage("*lie at different places*");
        Joining(image, Grid([0, 1, 1])).Should().NotThrow();

        static Action Joining(Volume image, Volume labels) => () => Subject.Of("", image, labels);
    }

    [Fact]
    public void The_foreground_of_an_image_has_mean_zero_and_variance_one_whatever_the_scanner_says()
    {
        var labels = Grid([0, 0, 1, 1, 1, 0]);
        var image = Subject.Of("", Grid([0, 0, 100, 110, 120, float.NaN]), labels).Image.Values;
        var scaled = Subject.Of("", Grid([0, 0, 1e6f, 1.1e6f, 1.2e6f, float.NaN]), labels).Image.Values;

        image[2..5].Average().Should().BeApproximately(0, 1e-6f);
        image[2..5].Average(value => value * value).Should().BeApproximately(1, 1e-6f);
        image.Should().OnlyContain(value => float.IsFinite(value));
        scaled.Zip(image).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
    }

    [Fact]
    public void An_empty_image_is_refused()
    {
        var reading = () => Subject.Of("", Grid([3, 3, 3]), Grid([0, 1, 1]));

        reading.Should().Throw<InvalidDataException>().WithMessage("the image has the same value everywhere.");
    }

    // ---- The split ----

    [Fact]
    public void Whole_blocks_are_held_out_and_only_their_centres_are_judged()
    {
        // Labels on slices 10 to 155, as the brain has them.
        var split = SliceSplit.Of(Slices(181, z => z is >= 10 and <= 155));

        split.Thickness.Should().Be(9);
        split.Centres.Should().Equal(32, 77, 122);
        split.Training.Should().HaveCount(181 - 27).And.NotContain(Enumerable.Range(28, 9)).And.Contain([0, 27, 37, 180]);
        (split.Nearest(32, above: false), split.Nearest(32, above: true)).Should().Be((27, 37));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(46)]
    [InlineData(400)]
    public void Every_centre_has_training_slices_on_both_sides(int labelled)
    {
        var split = SliceSplit.Of(Slices(labelled, _ => true));

        (split.Thickness % 2).Should().Be(1);
        split.Centres.Should().NotBeEmpty();
        foreach (var centre in split.Centres)
        {
            (centre - split.Nearest(centre, above: false)).Should().Be(split.Thickness / 2 + 1);
            (split.Nearest(centre, above: true) - centre).Should().Be(split.Thickness / 2 + 1);
        }
    }

    [Fact]
    public void Too_few_slices_are_refused()
    {
        var splitting = () => SliceSplit.Of(Slices(30, z => z < 14));

        splitting.Should().Throw<InvalidDataException>().WithMessage("14 slices have labels; 15 or more are needed.");
    }

    [Fact]
    public void The_baseline_is_a_copy_of_the_nearest_training_slice()
    {
        var phantom = Phantom.Create(1);
        var split = SliceSplit.Of(phantom);
        var copied = (byte[])phantom.Labels.Clone();
        foreach (var z in split.Centres) phantom.LabelsOf(split.Nearest(z, above: true)).CopyTo(copied.AsSpan(z * phantom.Size.Slice));

        var evaluation = Evaluation.Of(phantom, split, copied);

        evaluation.Network.MeanDice.Should().Be(evaluation.CopyOfAbove.MeanDice).And.BeInRange(0.3, 0.99);
        evaluation.Baseline.Should().Be(Math.Max(evaluation.CopyOfBelow.MeanDice, evaluation.CopyOfAbove.MeanDice));
        Evaluation.Of(phantom, split, phantom.Labels).Network.MeanDice.Should().Be(1);
    }

    [Fact]
    public void The_phantom_has_every_class_and_mirrors_itself()
    {
        var phantom = Phantom.Create(1);
        var size = phantom.Size;

        for (var label = 1; label < phantom.Scheme.Names.Count; label++) phantom.Labels.Count(value => value == label).Should().BeGreaterThan(1000);
        var middle = phantom.LabelsOf(size.Z / 2).Slice(size.X * (size.Y / 2), size.X).ToArray();
        middle[1..].Should().Equal(middle[1..].Reverse());
    }

    // ---- The field of view ----

    [Fact]
    public void The_field_of_view_takes_in_all_labels_and_comes_back_to_its_place()
    {
        var subject = Phantom.Create(1);
        var view = new FieldOfView(subject, SliceSplit.Of(subject));
        var (there, back) = (view.FromSlice(Warp.None), view.ToSlice());

        (view.Width % 16, view.Height % 16, Math.Max(view.Width, view.Height)).Should().Be((0, 0, 96));
        foreach (var axis in (int[])[0, 4])
        {
            var scale = there[axis];
            var offset = there[axis < 3 ? 2 : 5];
            (scale * back[axis]).Should().BeApproximately(1, 1e-5f);
            (offset * back[axis] + back[axis < 3 ? 2 : 5]).Should().BeApproximately(0, 1e-5f);
        }
    }

    // ---- Pictures ----

    [Fact]
    public void The_sheet_has_a_row_for_each_slice_with_the_front_up()
    {
        using var folder = new TestFiles.Folder();
        var phantom = Phantom.Create(1);
        var scores = new SliceScores(phantom.Scheme.Names);
        foreach (var z in (int[])[40, 50]) scores.Add(z, phantom.LabelsOf(z), phantom.LabelsOf(z), phantom.Image);
        scores.MeanDiceOf(40).Should().Be(1);
        Sheet.Save(folder.File("slices.png"), "U-Net", phantom, [40, 50], phantom.Labels, scores);

        using var picture = new PngPixels(folder.File("slices.png"));
        picture.Size.Height.Should().BeGreaterThan(2 * 200);
        var (left, width, row) = (picture.Size.Width - 16 - 4 * 206 + 6, 200, (picture.Size.Height - 78 - 60) / 2);
        var (slice, truth, prediction) = (At(0), At(1), At(2));
        slice.Red.Should().Be(slice.Green).And.Be(slice.Blue);
        truth.Should().Be(prediction).And.NotBe(slice);
        // Frontal is in front, which is up, and occipital behind.
        FirstRow(1).Should().BeLessThan(FirstRow(4));

        SkiaSharp.SKColor At(int column) => picture[left + column * 206 + width / 2, 78 + row / 3];
        // The outlines' opacity leaves nothing of the hue of what is below.
        bool Is(SkiaSharp.SKColor colour, int label) => ClassColours.Distance(colour, ClassColours.Of(label)) < 30;
        int FirstRow(int label) => Enumerable.Range(78, row).First(y => Enumerable.Range(left + 206, width).Any(x => Is(picture[x, y], label)));
    }

    [Fact]
    public void The_macaques_regions_are_of_both_sides()
    {
        var scheme = LabelScheme.MacaqueRegions;
        scheme.ClassOf.Values.Distinct().Order().Should().Equal(Enumerable.Range(1, scheme.Names.Count - 1).Select(label => (byte)label));
        (scheme.Names[scheme.ClassOf[147]], scheme.Names[scheme.ClassOf[1147]], scheme.Names[scheme.ClassOf[55]], scheme.Names[scheme.ClassOf[119]]).Should().Be(("frontal", "frontal", "white matter", "brainstem, other"));
        LabelScheme.Macaque.ClassOf[1055].Should().Be(2);
    }

    // ---- The command line ----

    [Fact]
    public void Options_have_defaults_and_a_quick_form()
    {
        DemoOptions.Parse([])!.Limit.Should().Be(TimeSpan.FromMinutes(3));
        DemoOptions.Parse(["--quick"])!.Iterations.Should().BeLessThan(DemoOptions.Parse([])!.Iterations);
        DemoOptions.Parse(["--quick", "--iterations", "7", "--minutes", "0.5", "--seed", "3", "--out", "x"])
            .Should().BeEquivalentTo(new { Quick = true, Iterations = 7, Limit = TimeSpan.FromSeconds(30), Seed = 3, Out = "x" });
        DemoOptions.Parse(["--quick", "--help"]).Should().BeNull();
        DemoOptions.Parse(["--volumes", "--resume"]).Should().BeEquivalentTo(new { Volumes = true, Resume = true, Limited = false });
    }

    [Theory]
    [InlineData("There is no option '--fast'.", "--fast")]
    [InlineData("--seed needs a value.", "--seed")]
    [InlineData("--seed needs a whole number from 0 to 2147483647, not '1.5'.", "--seed", "1.5")]
    [InlineData("--minutes needs a number from 0.01 to 1440, not '0'.", "--minutes", "0")]
    [InlineData("--minutes needs a number from 0.01 to 1440, not 'NaN'.", "--minutes", "NaN")]
    [InlineData("--resume needs --volumes.", "--resume")]
    [InlineData("--image and --labels belong together.", "--image", "x.nii")]
    [InlineData("--phantom and --image exclude each other.", "--image", "x.nii", "--labels", "y.nii", "--phantom")]
    public void Wrong_options_are_named(string message, params string[] arguments)
    {
        var parsing = () => DemoOptions.Parse(arguments);

        parsing.Should().Throw<UsageException>().WithMessage(message);
    }

    private static Volume Grid(float[] values, NiftiGeometry? geometry = null) => new(values, new VolumeSize(1, 1, values.Length), geometry ?? NiftiGeometry.Plain(1));

    private static Subject Slices(int count, Func<int, bool> labelled)
    {
        var size = new VolumeSize(count, 1, 2);
        var labels = Enumerable.Range(0, count).SelectMany(z => new[] { 0f, labelled(z) ? 1f : 0f }).ToArray();
        return Subject.Of("", new Volume([.. Enumerable.Range(0, 2 * count).Select(i => i % 2 + 0.1f * (i % 3))], size, NiftiGeometry.Plain(1)), new Volume(labels, size, NiftiGeometry.Plain(1)));
    }
}
