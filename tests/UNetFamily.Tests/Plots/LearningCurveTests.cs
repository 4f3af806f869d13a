using SkiaSharp;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Plots;

public sealed class LearningCurveTests : FileTests
{
    private static readonly TrainingProgress[] Epochs = Training(10, epoch => 2.0 / epoch, epoch => epoch % 2 == 0 ? 0.1 * epoch - 0.05 : null);

    [Fact]
    public void Loss_and_score_have_a_panel_each_with_titles_numbers_and_a_legend()
    {
        using var picture = Draw(Epochs);
        picture.Size.Should().Be((1000, 680));
        picture[0, 0].Should().Be(SKColors.White);

        picture.Ink(300, 4, 760, 36).Should().BeGreaterThan(400, "the title says what was trained");
        foreach (var top in (int[])[0, 340])
        {
            picture.Ink(20, top + 44, 52, top + 284).Should().BeGreaterThan(100, "the axis says what it measures");
            picture.Ink(56, top + 44, 84, top + 284).Should().BeGreaterThan(100, "numbers stand beside it");
            picture.Ink(100, top + 290, 980, top + 310).Should().BeGreaterThan(100, "epochs stand below");
            picture.Ink(480, top + 314, 580, top + 334).Should().BeGreaterThan(50, "and are called so");
        }
        Coloured(picture, 0, 340, Blue).Should().BeGreaterThan(500, "the loss is blue");
        Coloured(picture, 0, 340, Orange).Should().Be(0);
        Coloured(picture, 340, 680, Orange).Should().BeGreaterThan(500, "the score is orange");
        Coloured(picture, 340, 680, Blue).Should().Be(0);
    }

    [Fact]
    public void The_curves_are_where_the_numbers_say()
    {
        using var picture = Draw(Epochs);
        // Left of the axes are 90 pixels, right of them 24; above 44 or 12, below 56. Epochs reach half of one beyond the first and last, values 8 % beyond the lowest and highest.
        double X(double epoch) => 90 + (epoch - 0.5) / 10 * 886;
        double Y(double value, double low, double high, int top, int bottom) => bottom - ((value - low) / (high - low) + 0.08) / 1.16 * (bottom - top);
        foreach (var at in Epochs)
        {
            Blue(picture[X(at.Epoch), Y(at.Loss, 0.2, 2, 44, 284)]).Should().BeTrue("epoch {0} has {1}", at.Epoch, at.Loss);
            if (at.Score is { } score) Orange(picture[X(at.Epoch), Y(score, 0.15, 0.95, 352, 624)]).Should().BeTrue("epoch {0} has {1}", at.Epoch, score);
        }
        Blue(picture[X(1.5), Y(1.5, 0.2, 2, 44, 284)]).Should().BeTrue("a straight line joins 2 and 1");
        Blue(picture[X(1.5), Y(1.2, 0.2, 2, 44, 284)]).Should().BeFalse();
        Orange(picture[X(10) + 7, Y(0.95, 0.15, 0.95, 352, 624)]).Should().BeTrue("a circle of 14 pixels marks the best");
    }

    [Fact]
    public void Without_validation_there_is_one_panel()
    {
        using var picture = Draw(Training(3, epoch => epoch, _ => null));
        picture.Size.Should().Be((1000, 340));
        Coloured(picture, 0, 340, Blue).Should().BeGreaterThan(300);
    }

    [Fact]
    public void The_best_score_may_be_the_lowest()
    {
        var epochs = Training(5, _ => 1, epoch => 6 - epoch);
        Legend(epochs, lowerIsBetter: true).Should().Contain("best: 1 in epoch 5");
        Legend(epochs, lowerIsBetter: false).Should().Contain("best: 5 in epoch 1");

        static string[] Legend(TrainingProgress[] epochs, bool lowerIsBetter) =>
            [.. LearningCurve.Panels(epochs, new() { LowerIsBetter = lowerIsBetter })[1].Legend.GetItems().Select(item => item.LabelText)];
    }

    [Fact]
    public void Losses_that_fall_far_have_a_logarithmic_axis_and_others_none()
    {
        Ticks(Training(50, epoch => Math.Pow(10, 2 - epoch / 10.0), _ => null)).Should().Contain(["0.001", "1", "100"]);
        Ticks(Training(50, epoch => 2.0 - epoch / 50.0, _ => null)).Should().Contain(["1", "1.2", "2"]);
        Ticks(Training(50, epoch => 10 - epoch, _ => null)).Should().Contain(["-20", "0"], "a logarithm has no room for negative losses");
        Ticks(Training(50, epoch => Math.Pow(10, 8 - epoch), _ => null)).Should().Contain(text => text.Contains('e')).And.HaveCountLessThan(16);

        static string[] Ticks(TrainingProgress[] epochs)
        {
            var panel = LearningCurve.Panels(epochs, new())[0];
            using var surface = SKSurface.Create(new SKImageInfo(1000, 340));
            panel.Render(surface.Canvas, new ScottPlot.PixelRect(0, 1000, 340, 0));
            var (low, high) = (panel.Axes.Left.Min, panel.Axes.Left.Max);
            return [.. panel.Axes.Left.TickGenerator.Ticks.Where(tick => tick.IsMajor && tick.Position >= low && tick.Position <= high).Select(tick => tick.Label)];
        }
    }

    [Fact]
    public void What_is_not_finite_is_left_out()
    {
        using var picture = Draw([Epochs[0] with { Loss = double.NaN, Score = null }, Epochs[1] with { Loss = double.PositiveInfinity, Score = double.NaN }]);
        picture.Size.Should().Be((1000, 340));
        picture.Ink(440, 150, 640, 180).Should().BeGreaterThan(100, "it says that there is none");
        Coloured(picture, 0, 340, Blue).Should().Be(0);

        using var gap = Draw([.. Epochs[..3], Epochs[3] with { Loss = double.NaN }, .. Epochs[4..]]);
        Coloured(gap, 0, 340, Blue).Should().BeGreaterThan(500);
    }

    [Fact]
    public void One_epoch_is_a_point_and_a_thousand_have_their_running_mean()
    {
        using var one = Draw(Epochs[1..2]);
        Blue(one[90 + 886 / 2, 44 + 240 / 2]).Should().BeTrue("a single point is in the middle");
        Orange(one[90 + 886 / 2, 352 + 272 / 2]).Should().BeTrue();

        var noise = new Random(1);
        var thousand = Training(1000, epoch => 1 + noise.NextDouble(), _ => null);
        LearningCurve.Panels(thousand, new())[0].Legend.GetItems().Select(item => item.LabelText).Should().Equal("loss", "running mean of 33 values");
        using var many = Draw(thousand);
        Coloured(many, 100, 220, Blue).Should().BeGreaterThan(900, "the mean of the noise is in the middle of it");
        LearningCurve.Panels(Epochs, new())[0].Legend.GetItems().Should().ContainSingle();
    }

    [Fact]
    public void A_picture_appears_whole_or_not_at_all()
    {
        FluentActions.Invoking(() => LearningCurve.Save(folder.File("none.png"), [])).Should().Throw<ArgumentException>().WithMessage("There is no epoch to draw.*");
        FluentActions.Invoking(() => LearningCurve.Save(folder.File("nowhere/curve.png"), Epochs)).Should().Throw<DirectoryNotFoundException>().WithMessage("*curve.png' can't be written: there is no folder*");
        Directory.CreateDirectory(folder.File("curve.png"));
        FluentActions.Invoking(() => LearningCurve.Save(folder.File("curve.png"), Epochs)).Should().Throw<IOException>().WithMessage("*it is a folder.");
        Directory.GetFiles(Path.GetDirectoryName(folder.File("curve.png"))!).Should().BeEmpty();
    }

    [Fact]
    public void Letters_come_with_the_package()
    {
        using var font = Letters.For("Größe, Мозг, μ ≤ 2 × σ", 14);
        font.Typeface.FamilyName.Should().Be("Open Sans");
        font.ContainsGlyphs("Größe, Мозг, μ ≤ 2 × σ").Should().BeTrue();
        // What neither they nor an installed font has is a box, not nothing.
        using var other = Letters.For("\U000F0000", 14);
        other.MeasureText("\U000F0000").Should().BeGreaterThan(4);
    }

    private PngPixels Draw(TrainingProgress[] epochs)
    {
        LearningCurve.Save(folder.File("curve.png"), epochs);
        return new(folder.File("curve.png"));
    }

    private static TrainingProgress[] Training(int epochs, Func<int, double> loss, Func<int, double?> score) =>
    [
        .. Enumerable.Range(1, epochs).Select(epoch => new TrainingProgress
        {
            Epoch = epoch, Step = 250 * epoch, LearningRate = 0.01, Loss = loss(epoch), Score = score(epoch), Seconds = 70 * epoch, EndsEpoch = true,
        }),
    ];

    private static int Coloured(PngPixels picture, int top, int bottom, Func<SKColor, bool> colour) => picture.Count(0, top, 1000, bottom, colour);

    private static bool Blue(SKColor colour) => colour.Blue > colour.Red + 40;

    private static bool Orange(SKColor colour) => colour.Red > colour.Blue + 40;
}
