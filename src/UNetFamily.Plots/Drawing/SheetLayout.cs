using SkiaSharp;

namespace UNetFamily;

/// <summary>Where everything stands on a <see cref="SliceSheet"/>, and how it is drawn there.</summary>
internal sealed class SheetLayout
{
    private const int Margin = 16, Gap = 6;
    private const int TitleHeight = 34, LineHeight = 22, LegendHeight = 26, Swatch = 14;
    private const float TextSize = 15, TitleSize = 19, NoteSize = 12;

    private static readonly SKColor Paper = new(24, 24, 28), Ink = new(236, 236, 240), Faint = new(160, 160, 170);

    private readonly SliceSheet sheet;
    private readonly GreyWindow[] windows;
    private readonly int captionWidth, gridTop;
    private readonly int[] tops, heights;
    private readonly Placed[] legend, note;
    private readonly int legendTop, noteTop;

    public SheetLayout(SliceSheet sheet)
    {
        this.sheet = sheet;
        windows = [.. sheet.Columns.Select((_, column) => GreyWindow.Of(sheet.Rows.Select(row => row.Views[column])))];
        captionWidth = (int)Math.Ceiling(sheet.Rows.SelectMany(row => Lines(row.Caption)).Select(line => Measure(line, TextSize)).DefaultIfEmpty().Max());
        if (captionWidth > 0) captionWidth += 2 * Gap;
        Width = 2 * Margin + captionWidth + sheet.Columns.Count * (sheet.ColumnWidth + Gap) - Gap;

        gridTop = Margin + (sheet.Title is null ? 0 : TitleHeight) + LineHeight + Gap;
        heights = [.. sheet.Rows.Select(row => Math.Max(row.Views.Max(HeightOf), Lines(row.Caption).Length * LineHeight))];
        tops = new int[heights.Length];
        for (var (i, top) = (0, gridTop); i < heights.Length; top += heights[i++] + Gap) tops[i] = top;

        (legendTop, var wide) = (tops[^1] + heights[^1] + 2 * Gap, Width - 2 * Margin);
        legend = Flow(Legend().Select(entry => (entry.Text, entry.Colour, Swatch + 6 + Measure(entry.Text, TextSize))), between: 22, wide);
        noteTop = legendTop + Rows(legend) * LegendHeight;
        note = Flow((sheet.Note ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => (word, Faint, Measure(word, NoteSize))), Measure(" ", NoteSize), wide);
        Height = noteTop + Rows(note) * LineHeight + Margin - Gap;
    }

    public int Width { get; }

    public int Height { get; }

    public void Draw(SKCanvas canvas)
    {
        canvas.Clear(Paper);
        if (sheet.Title is { } title) Write(canvas, title, Margin, Margin + 20, TitleSize, Ink, strong: true);
        foreach (var (column, name) in sheet.Columns.Index()) Write(canvas, name, Left(column) + sheet.ColumnWidth / 2f, gridTop - Gap - 6, TextSize, Ink, strong: true, SKTextAlign.Center);
        foreach (var (i, row) in sheet.Rows.Index())
        {
            var lines = Lines(row.Caption);
            var middle = tops[i] + heights[i] / 2f - (lines.Length - 1) * LineHeight / 2f + TextSize / 3;
            foreach (var (line, text) in lines.Index()) Write(canvas, text, Margin, middle + line * LineHeight, TextSize, line == 0 ? Ink : Faint);
            foreach (var (column, view) in row.Views.Index()) SliceDrawing.Draw(canvas, view, windows[column], new SKRectI(Left(column), tops[i], Left(column) + sheet.ColumnWidth, tops[i] + HeightOf(view)));
        }
        foreach (var entry in legend)
        {
            var (left, top) = (Margin + entry.X, legendTop + entry.Row * LegendHeight);
            using var paint = new SKPaint { Color = entry.Colour };
            canvas.DrawRect(left, top + (LegendHeight - Swatch) / 2f, Swatch, Swatch, paint);
            Write(canvas, entry.Text, left + Swatch + 6, top + LegendHeight / 2f + TextSize / 3, TextSize, Ink);
        }
        foreach (var word in note) Write(canvas, word.Text, Margin + word.X, noteTop + word.Row * LineHeight + NoteSize + 4, NoteSize, word.Colour);
    }

    /// <summary>The classes that have a colour and, where differences are shown, theirs.</summary>
    private IEnumerable<(string Text, SKColor Colour)> Legend()
    {
        var views = sheet.Rows.SelectMany(row => row.Views).ToArray();
        if (views.Any(view => view.Labels.Length > 0))
            foreach (var (label, name) in sheet.Classes.Index().Skip(1)) yield return (name, ClassColours.Of(label));
        if (views.Any(view => view.Truth.Length > 0)) yield return ("differs from the truth", SliceDrawing.Differs);
    }

    // A file may claim any proportions; the picture stays one.
    private int HeightOf(SliceView view) =>
        (int)Math.Clamp(Math.Round(view.Height * view.PixelHeight / (view.Width * view.PixelWidth) * sheet.ColumnWidth), 1, 4 * sheet.ColumnWidth);

    private int Left(int column) => Margin + captionWidth + column * (sheet.ColumnWidth + Gap);

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.ReplaceLineEndings("\n").Split('\n');

    private static int Rows(Placed[] items) => items.Length == 0 ? 0 : items[^1].Row + 1;

    /// <summary>Places items one beside the other, in a new row where the width ends.</summary>
    private static Placed[] Flow(IEnumerable<(string Text, SKColor Colour, float Width)> items, float between, float width)
    {
        var placed = new List<Placed>();
        var (x, row) = (0f, 0);
        foreach (var (text, colour, wide) in items)
        {
            if (x > 0 && x + wide > width) (x, row) = (0, row + 1);
            placed.Add(new(text, colour, x, row));
            x += wide + between;
        }
        return [.. placed];
    }

    private static float Measure(string text, float size)
    {
        using var font = Letters.For(text, size);
        return font.MeasureText(text);
    }

    private static void Write(SKCanvas canvas, string text, float x, float baseline, float size, SKColor colour, bool strong = false, SKTextAlign align = SKTextAlign.Left)
    {
        using var font = Letters.For(text, size, strong);
        using var paint = new SKPaint { Color = colour, IsAntialias = true };
        canvas.DrawText(text, x, baseline, align, font, paint);
    }

    private readonly record struct Placed(string Text, SKColor Colour, float X, int Row);
}
