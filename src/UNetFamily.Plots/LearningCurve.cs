using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace UNetFamily;

/// <summary>
/// Draws a training over its epochs as PNG: the loss and, below it on an axis of its own, the scores of validations with the best marked. Losses that fall a lot stand on a logarithmic axis; where there are many epochs,
/// a running mean shows the way.
/// <code>
/// LearningCurve.Save("curve.png", TrainingLog.Read("spleen/log.csv"), new() { Title = "Spleen", Score = "mean Dice" });
/// </code>
/// </summary>
public static class LearningCurve
{
    private const int Width = 1000, PanelHeight = 340, Margin = 12;
    private const float TextSize = 14, TitleSize = 18;
    // As many epochs as are still seen one by one; losses that fall by more than this factor would lie flat on a linear axis.
    private const int Few = 60;
    private const double LogarithmicFrom = 30;

    private static readonly Color LossColour = Color.FromHex("#1f6fb4"), ScoreColour = Color.FromHex("#d9600f");

    /// <summary>Draws and writes the picture, of 1000 x 340 pixels or, with scores, 1000 x 680.</summary>
    /// <param name="path">The file to write; one of that name is replaced. It appears whole or not at all.</param>
    /// <param name="epochs">The epochs, as in <see cref="TrainingLog.Epochs"/>, one or more. Losses and scores that are not finite are left out.</param>
    /// <param name="options">Names; null: <see cref="LearningCurveOptions"/> as it is.</param>
    /// <exception cref="ArgumentException">There are no epochs.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Save(string path, IReadOnlyList<TrainingProgress> epochs, LearningCurveOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(epochs);
        if (epochs.Count == 0) throw new ArgumentException("There is no epoch to draw.", nameof(epochs));
        var panels = Panels(epochs, options ?? new());
        PngFile.Save(path, Width, panels.Length * PanelHeight, canvas =>
        {
            foreach (var (i, panel) in panels.Index())
            {
                using var drawn = panel;
                // A plot clears all that it may draw on.
                using var rest = new SKAutoCanvasRestore(canvas);
                canvas.ClipRect(new SKRect(0, i * PanelHeight, Width, (i + 1) * PanelHeight));
                panel.Render(canvas, new PixelRect(0, Width, (i + 1) * PanelHeight, i * PanelHeight));
            }
        });
    }

    internal static Plot[] Panels(IReadOnlyList<TrainingProgress> epochs, LearningCurveOptions options)
    {
        var losses = Points(epochs, at => at.Loss);
        var scores = Points(epochs, at => at.Score);
        var first = Panel(epochs, "loss, mean of an epoch");
        first.Title(Title(epochs[^1], options.Title), TitleSize);
        if (losses.Length == 0) Say(first, "no loss is a finite number");
        else DrawLosses(first, losses);
        if (scores.Length == 0) return [Finished(first)];

        var second = Panel(epochs, options.Score);
        Curve(second, scores, ScoreColour, options.Score);
        Mark(second, options.LowerIsBetter ? scores.MinBy(point => point.Y) : scores.MaxBy(point => point.Y));
        Fit(second, scores);
        return [Finished(first), Finished(second)];
    }

    private static Plot Panel(IReadOnlyList<TrainingProgress> epochs, string vertical)
    {
        var plot = new Plot();
        plot.XLabel("epoch", TextSize);
        plot.YLabel(vertical, TextSize);
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        // Only a logarithmic axis says something between its numbers.
        plot.Axes.Bottom.MinorTickStyle.Length = plot.Axes.Left.MinorTickStyle.Length = 0;
        var (from, to) = (epochs[0].Epoch, epochs[^1].Epoch);
        var room = Math.Max(0.5, 0.02 * (to - from));
        plot.Axes.SetLimitsX(from - room, to + room);
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.12);
        plot.Axes.Top.FrameLineStyle.IsVisible = plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.Black.WithAlpha(0.2);
        plot.Legend.FontSize = TextSize;
        return plot;
    }

    private static void DrawLosses(Plot plot, Coordinates[] losses)
    {
        var (low, high) = Range(losses);
        if (low > 0 && high / low >= LogarithmicFrom)
        {
            losses = [.. losses.Select(point => new Coordinates(point.X, Math.Log10(point.Y)))];
            plot.Axes.Left.TickGenerator = LogarithmicTicks(low, high);
            plot.Axes.Left.MinorTickStyle.Length = 3;
        }
        Curve(plot, losses, LossColour, "loss");
        Fit(plot, losses);
    }

    private static void Curve(Plot plot, Coordinates[] points, Color colour, string name)
    {
        var many = points.Length > Few;
        var line = plot.Add.Scatter(points, many ? colour.WithAlpha(0.45) : colour);
        (line.LineWidth, line.MarkerSize, line.LegendText) = (many ? 1 : 2, many ? 0 : 6, name);
        if (!many) return;
        var reach = points.Length / Few;
        var mean = plot.Add.ScatterLine(Smooth(points, reach), colour);
        (mean.LineWidth, mean.LegendText) = (2.5f, $"running mean of {2 * reach + 1} values");
    }

    // At the ends over what there is on the shorter side, to both sides alike, so that the ends of a slope stay on it.
    private static Coordinates[] Smooth(Coordinates[] points, int reach) => [.. points.Select((point, i) =>
    {
        var side = Math.Min(reach, Math.Min(i, points.Length - 1 - i));
        return new Coordinates(point.X, points.AsSpan(i - side, 2 * side + 1).ToArray().Average(near => near.Y));
    })];

    private static void Mark(Plot plot, Coordinates best)
    {
        var dot = plot.Add.Marker(best, MarkerShape.OpenCircle, 14, ScoreColour);
        dot.MarkerStyle.LineWidth = 2;
        dot.LegendText = string.Create(CultureInfo.InvariantCulture, $"best: {best.Y:0.####} in epoch {best.X:0}");
    }

    private static (double Low, double High) Range(Coordinates[] points) => (points.Min(point => point.Y), points.Max(point => point.Y));

    private static void Fit(Plot plot, Coordinates[] points)
    {
        var (low, high) = Range(points);
        var room = high > low ? 0.08 * (high - low) : Math.Max(Math.Abs(high) / 2, 1e-3);
        plot.Axes.SetLimitsY(low - room, high + room);
        // On the right, where the curve ends, on the side that it keeps away from.
        plot.ShowLegend(points[^(points.Length / 4 + 1)..].Average(point => point.Y) > (low + high) / 2 ? Alignment.LowerRight : Alignment.UpperRight);
    }

    // 1, 2 and 5 times the powers of ten; over many decades only the powers.
    private static NumericManual LogarithmicTicks(double low, double high)
    {
        var ticks = new NumericManual();
        var (from, to) = ((int)Math.Floor(Math.Log10(low)) - 1, (int)Math.Ceiling(Math.Log10(high)) + 1);
        var step = Math.Max(1, (to - from) / 8);
        for (var power = from; power <= to; power++)
            for (var digit = 1; digit < 10; digit++)
            {
                var (at, value) = (power + Math.Log10(digit), digit * Math.Pow(10, power));
                if (digit == 1 ? (power - from) % step == 0 : to - from <= 5 && digit is 2 or 5) ticks.AddMajor(at, value.ToString(value is >= 1e-4 and < 1e6 ? "0.####" : "0e0", CultureInfo.InvariantCulture));
                else ticks.AddMinor(at);
            }
        return ticks;
    }

    private static void Say(Plot plot, string text)
    {
        plot.Axes.SetLimitsY(0, 1);
        var note = plot.Add.Annotation(text, Alignment.MiddleCenter);
        (note.LabelFontSize, note.LabelShadowColor, note.LabelBorderColor, note.LabelBackgroundColor) = (TextSize, Colors.Transparent, Colors.Transparent, Colors.Transparent);
    }

    /// <summary>The letters are set last, on all that has become part of the plot.</summary>
    private static Plot Finished(Plot plot)
    {
        foreach (var axis in (IAxis[])[plot.Axes.Bottom, plot.Axes.Left]) (axis.TickLabelStyle.FontSize, axis.Label.Bold) = (TextSize, false);
        plot.Font.Set(Letters.NameFor($"{plot.Axes.Title.Label.Text}{plot.Axes.Left.Label.Text}"));
        // Panels are as wide as each other, whatever numbers stand beside them.
        plot.Layout.Fixed(new PixelPadding(left: 90, right: 2 * Margin, bottom: 56, top: string.IsNullOrEmpty(plot.Axes.Title.Label.Text) ? Margin : 44));
        return plot;
    }

    private static Coordinates[] Points(IReadOnlyList<TrainingProgress> epochs, Func<TrainingProgress, double?> value) =>
        [.. epochs.Select(at => new Coordinates(at.Epoch, value(at) ?? double.NaN)).Where(point => double.IsFinite(point.Y))];

    private static string Title(TrainingProgress last, string title)
    {
        var time = TimeSpan.FromSeconds(last.Seconds);
        var text = last.Seconds < 60 ? $"{time.TotalSeconds:0} s" : time.TotalHours < 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{Math.Floor(time.TotalHours):0} h {time:mm} min";
        return string.Create(CultureInfo.InvariantCulture, $"{title}: {last.Epoch:N0} {(last.Epoch == 1 ? "epoch" : "epochs")}, {last.Step:N0} {(last.Step == 1 ? "step" : "steps")}, {text}");
    }
}
