using System.Globalization;

namespace UNetFamily;

/// <summary>Draws a training as PNG: the loss against the left axis, the score against the right one, over the epochs.</summary>
public static class LearningCurve
{
    internal const byte Paper = 0, Ink = 1, Grid = 2, LossColour = 3, ScoreColour = 4;

    private const int Width = 900, Height = 480, Left = 70, Right = 70, Top = 36, Bottom = 44;
    private const int Ticks = 6;

    private static readonly (byte, byte, byte)[] Palette = [(255, 255, 255), (60, 60, 60), (228, 228, 228), (31, 119, 180), (255, 127, 14)];

    /// <summary>Draws and writes the picture.</summary>
    /// <param name="path">The file to write; one of that name is replaced.</param>
    /// <param name="epochs">The epochs, as in <see cref="TrainingLog.Epochs"/>, one or more. Losses and scores that are not finite are left out.</param>
    /// <exception cref="ArgumentException">There are no epochs.</exception>
    public static void Save(string path, IReadOnlyList<TrainingProgress> epochs)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Draw(epochs).Save(path);
    }

    internal static Chart Draw(IReadOnlyList<TrainingProgress> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        if (epochs.Count == 0) throw new ArgumentException("There is no epoch to draw.", nameof(epochs));
        var losses = Points(epochs, at => at.Loss);
        var scores = Points(epochs, at => at.Score ?? double.NaN);

        var picture = new PalettePicture(Width, Height, Palette);
        var across = Axis.Over([0, .. epochs.Select(at => (double)at.Epoch)], Left, Width - Right, Ticks);
        var loss = Axis.Over(losses.Select(point => point.Y), Height - Bottom, Top, Ticks);
        var score = Axis.Over(scores.Select(point => point.Y), Height - Bottom, Top, Ticks);
        var chart = new Chart(picture, across, loss, score);

        foreach (var tick in loss.Ticks) picture.Line(Left, loss.At(tick), Width - Right, loss.At(tick), Grid);
        foreach (var tick in across.Ticks.Where(double.IsInteger))
        {
            picture.Line(across.At(tick), Height - Bottom, across.At(tick), Height - Bottom + 4, Ink);
            picture.Text(Label(tick), across.At(tick), Height - Bottom + 8, 0.5, Ink);
        }
        if (losses.Length > 0) foreach (var tick in loss.Ticks) picture.Text(Label(tick), Left - 8, loss.At(tick) - 3, 1, LossColour);
        if (scores.Length > 0) foreach (var tick in score.Ticks) picture.Text(Label(tick), Width - Right + 8, score.At(tick) - 3, 0, ScoreColour);
        picture.Line(Left, Top, Left, Height - Bottom, Ink);
        picture.Line(Width - Right, Top, Width - Right, Height - Bottom, Ink);
        picture.Line(Left, Height - Bottom, Width - Right, Height - Bottom, Ink);
        picture.Text("epoch", (Left + Width - Right) / 2, Height - 18, 0.5, Ink);

        Curve(losses, loss, LossColour, "loss", Left);
        Curve(scores, score, ScoreColour, "score", Left + 90);
        return chart;

        void Curve((double X, double Y)[] points, Axis axis, byte colour, string name, int legend)
        {
            if (points.Length == 0) return;
            picture.Line(legend, 18, legend + 24, 18, colour, thick: true);
            picture.Text(name, legend + 32, 15, 0, Ink);
            foreach (var (from, to) in points.Zip(points.Skip(1).Append(points[^1])))
                picture.Line(across.At(from.X), axis.At(from.Y), across.At(to.X), axis.At(to.Y), colour, thick: true);
        }
    }

    private static (double X, double Y)[] Points(IReadOnlyList<TrainingProgress> epochs, Func<TrainingProgress, double> value) =>
        [.. epochs.Select(at => ((double)at.Epoch, value(at))).Where(point => double.IsFinite(point.Item2))];

    private static string Label(double number) => Math.Abs(number) is > 0 and < 1e-3 or >= 1e6
        ? number.ToString("0.##e0", CultureInfo.InvariantCulture)
        : number.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>A drawn training and its scales.</summary>
    internal sealed record Chart(PalettePicture Picture, Axis Across, Axis Loss, Axis Score)
    {
        public void Save(string path) => Picture.Save(path);
    }
}
