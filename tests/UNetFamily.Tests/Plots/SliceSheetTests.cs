using SkiaSharp;
using UNetFamily.Tests.Checkpoints;

namespace UNetFamily.Tests.Plots;

public sealed class SliceSheetTests : FileTests
{
    private const int Side = 8, Column = 200;
    private static readonly float[] Ramp = [.. Enumerable.Range(0, Side * Side).Select(i => (float)(i % Side))];

    [Fact]
    public void Shows_image_truth_prediction_and_difference_under_their_titles()
    {
        // The left half is class 1, and the prediction has class 2 in the lower quarter of it.
        var truth = Labels((x, _) => x < 4 ? 1 : 0);
        var prediction = Labels((x, y) => x >= 4 ? 0 : y < 4 ? 1 : 2);
        var sheet = Sheet(["background", "liver", "tumour"], SliceRow.Comparing("slice 40\nDice 0.50", Slice, truth, prediction)) with { Title = "Livers", Note = "from nowhere" };
        using var picture = Save(sheet);

        var (width, height) = picture.Size;
        var (top, left) = (16 + 34 + 22 + 6, width - 16 - 4 * Column - 3 * 6);
        height.Should().Be(top + Column + 12 + 26 + 22 + 16 - 6);
        SKColor At(int column, double x, double y) => picture[left + column * (Column + 6) + x / Side * Column, top + y / Side * Column];

        At(0, 0.1, 4).Should().Be(SKColors.Black);
        At(0, 7.9, 4).Should().Be(SKColors.White);
        (At(0, 4, 4).Red, At(0, 4, 4).Green).Should().Be((At(0, 4, 4).Blue, At(0, 4, 4).Blue));
        Resembles(At(1, 2, 6), 1).Should().BeTrue();
        At(1, 6, 6).Should().Be(At(0, 6, 6), "the background keeps the image");
        Resembles(At(2, 2, 2), 1).Should().BeTrue();
        Resembles(At(2, 2, 6), 2).Should().BeTrue();
        At(3, 2, 6).Should().Be(SKColors.White, "there the prediction is wrong");
        ((int)At(3, 6, 2).Red).Should().BeCloseTo(At(0, 6, 2).Red / 2, 2, "elsewhere the image steps back");

        picture.Ink(16, 16, 200, 46).Should().BeGreaterThan(100, "the title");
        for (var column = 0; column < 4; column++) picture.Ink(left + column * (Column + 6), 52, left + column * (Column + 6) + Column, top).Should().BeGreaterThan(80, "title {0}", column);
        picture.Ink(10, top, left - 4, top + Column).Should().BeGreaterThan(200, "the caption");
        picture.Ink(10, height - 30, width - 10, height - 4).Should().BeGreaterThan(100, "the note");
        var legend = (Top: top + Column + 12, Bottom: top + Column + 38);
        foreach (var label in (int[])[1, 2]) picture.Count(16, legend.Top, width, legend.Bottom, colour => colour == ClassColours.Of(label)).Should().BeGreaterThanOrEqualTo(14 * 14, "class {0} is in the legend", label);
        picture.Count(16, legend.Top, width, legend.Bottom, colour => colour == SKColors.White).Should().BeGreaterThanOrEqualTo(14 * 14);
    }

    [Fact]
    public void Pixels_keep_their_proportions()
    {
        using var picture = Save(Sheet(["background"], new SliceRow("", [Slice with { PixelHeight = 2.5 }])) with { Columns = ["image"] });
        picture.Size.Should().Be((2 * 16 + Column, 16 + 22 + 6 + 5 * Column / 2 + 12 + 16 - 6));
        using var endless = Save(Sheet(["background"], new SliceRow("", [Slice with { PixelHeight = 1e9 }])) with { Columns = ["image"] });
        endless.Size.Height.Should().BeLessThan(5 * Column);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(41)]
    [InlineData(256)]
    public void The_legend_has_every_class(int classes)
    {
        var labels = Labels((x, y) => (y * Side + x) % classes);
        using var picture = Save(Sheet([.. Enumerable.Range(0, classes).Select(label => $"region {label}")], SliceRow.Comparing("slice 1", Slice, labels, labels)));
        for (var label = 1; label < classes; label++)
            picture.Count(16, 16 + 22 + 6 + Column, picture.Size.Width, picture.Size.Height, colour => colour == ClassColours.Of(label)).Should().BeGreaterThanOrEqualTo(14 * 14, "class {0}", label);
    }

    [Fact]
    public void Classes_look_unlike_each_other_and_unlike_greys()
    {
        Nearest(8).Should().BeGreaterThan(100);
        Nearest(40).Should().BeGreaterThan(50);
        Nearest(255).Should().BeGreaterThan(0, "all are different");
        for (var label = 1; label <= 40; label++)
            for (var grey = 0; grey < 256; grey++)
                ClassColours.Distance(ClassColours.Of(label), new SKColor((byte)grey, (byte)grey, (byte)grey)).Should().BeGreaterThan(50, "class {0} is seen on {1}", label, grey);
        ClassColours.Hex(1).Should().Be("#ffb300");
        FluentActions.Invoking(() => ClassColours.Hex(0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => ClassColours.Hex(256)).Should().Throw<ArgumentOutOfRangeException>();

        static double Nearest(int classes) =>
            (from one in Enumerable.Range(1, classes) from other in Enumerable.Range(1, one - 1) select ClassColours.Distance(ClassColours.Of(one), ClassColours.Of(other))).Min();
    }

    [Fact]
    public void Numbers_that_are_none_are_black_and_an_even_image_is_drawn()
    {
        float[] broken = [.. Ramp];
        (broken[0], broken[1], broken[2]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity);
        using var picture = Save(Sheet(["background"], new SliceRow("", [new SliceView(broken, Side, Side)])) with { Columns = ["image"] });
        picture[16 + 3, 44 + 3].Should().Be(SKColors.Black);
        picture[16 + Column - 3, 44 + 3].Should().Be(SKColors.White);
        using var even = Save(Sheet(["background"], new SliceRow("", [new SliceView(new float[Side * Side], Side, Side)])) with { Columns = ["image"] });
        even[16 + 3, 44 + 3].Should().Be(SKColors.Black);
    }

    [Fact]
    public void What_does_not_fit_together_is_refused_and_writes_nothing()
    {
        var labels = Labels((_, _) => 1);
        var good = Sheet(["background", "liver"], SliceRow.Comparing("slice 1", Slice, labels, labels));
        Refuses(good with { Rows = [] }, "it has no row");
        Refuses(good with { Columns = ["image"] }, "row 0 ('slice 1') has 4 views for 1 columns");
        Refuses(good with { Classes = ["background"] }, "row 0 ('slice 1'), view 1: its labels go up to 1, and there are 1 classes, 0 to 0");
        Refuses(good with { ColumnWidth = 3 }, "ColumnWidth is 3; it must be from 40 to 2000");
        Refuses(One(new SliceView(new float[3], 2, 2)), "*its image has 3 values for 2 x 2 pixels, not 4");
        Refuses(One(new SliceView(new float[4], 2, 2) { Labels = new byte[3] }), "*its labels are 3 for 4 pixels");
        Refuses(One(new SliceView(new float[4], 2, 2) { Truth = new byte[4] }), "*it has a truth and no labels to compare with it");
        Refuses(One(new SliceView(new float[4], 2, 2) { PixelWidth = double.NaN }), "*its pixels are NaN x 1; both must be positive");
        Refuses(One(new SliceView(Array.Empty<float>(), 0, 2)), "*it has 0 x 2 pixels; both must be 1 or more");
        Directory.GetFiles(Path.GetDirectoryName(folder.File("sheet.png"))!).Should().BeEmpty();

        SliceSheet One(SliceView view) => good with { Columns = ["image"], Rows = [new SliceRow("slice 1", [view])] };
        void Refuses(SliceSheet sheet, string why) => sheet.Invoking(it => it.Save(folder.File("sheet.png"))).Should().Throw<ArgumentException>().WithMessage($"The sheet can't be drawn: {why}.");
    }

    private static SliceView Slice => new(Ramp, Side, Side);

    private static SliceSheet Sheet(string[] classes, SliceRow row) => new([.. classes], SliceRow.ComparedColumns, [row]) { ColumnWidth = Column };

    private static byte[] Labels(Func<int, int, int> label) => [.. Enumerable.Range(0, Side * Side).Select(i => (byte)label(i % Side, i / Side))];

    // Over a grey one the colour is mixed, and stays in the order of its channels.
    private static bool Resembles(SKColor colour, int label)
    {
        var whole = ClassColours.Of(label);
        return Order(colour) == Order(whole);

        static (bool, bool, bool) Order(SKColor colour) => (colour.Red > colour.Green, colour.Green > colour.Blue, colour.Red > colour.Blue);
    }

    private PngPixels Save(SliceSheet sheet)
    {
        sheet.Save(folder.File("sheet.png"));
        return new(folder.File("sheet.png"));
    }
}
