using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Training;

namespace UNetFamily.Samples.BrainSegmentation.Report;

/// <summary>What the sample shows on the console.</summary>
internal static class Screen
{
    // Not through AnsiConsole, which breaks lines, and so paths, at 80 characters where there is no terminal.
    public static void Say(string line) => Console.WriteLine(line);

    public static void Warn(string line) => AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]{line}[/]");

    public static void Fail(string line) => AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]{line}[/]");

    /// <summary>Runs the training under a progress bar.</summary>
    public static TrainingProgress Train(Func<Action<TrainingProgress>, TrainingProgress> train) => WithBar("Training", bar => train(progress =>
    {
        bar.Value = progress.Fraction;
        bar.Description = string.Create(CultureInfo.InvariantCulture, $"Training  loss {progress.Loss:0.000}  {Megabytes(Process.GetCurrentProcess().WorkingSet64)}");
    }));

    /// <summary>Runs the segmentation of a volume under a progress bar.</summary>
    public static byte[] Segment(int slices, Func<Action<int>, byte[]> segment) => WithBar("Segmenting the volume", bar => segment(done => bar.Value = (double)done / slices));

    /// <summary>Dice by class, beside what copying a neighbour gives.</summary>
    public static void Table(LabelScheme scheme, Evaluation evaluation)
    {
        var (network, below, above) = evaluation;
        var table = new Table().Border(TableBorder.Rounded).AddColumn("class");
        foreach (var name in (string[])["U-Net", "copy of below", "copy of above"]) table.AddColumn(new TableColumn(name).RightAligned());
        for (var label = 1; label < scheme.Names.Count; label++)
        {
            var name = $"[{Sheet.ColourOf(label).Hex}]■[/] {Markup.Escape(scheme.Names[label])}";
            table.AddRow(name, Text(network.Of(label)), Text(below.Of(label)), Text(above.Of(label)));
        }
        table.AddEmptyRow();
        table.AddRow("[bold]mean[/]", $"[bold]{Text(network.Mean)}[/]", Text(below.Mean), Text(above.Mean));
        AnsiConsole.Write(table);

        static string Text(double? dice) => dice?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-";
    }

    /// <summary>The most memory that the process has used.</summary>
    public static string PeakMemory() => Megabytes(Process.GetCurrentProcess().PeakWorkingSet64);

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB");

    private static T WithBar<T>(string description, Func<ProgressTask, T> work) => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .Start(context =>
        {
            var bar = context.AddTask(description, maxValue: 1);
            var result = work(bar);
            bar.Value = 1;
            return result;
        });
}
