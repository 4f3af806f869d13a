using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using UNetFamily.Samples.BrainSegmentation.Data;
using UNetFamily.Samples.BrainSegmentation.Training;

namespace UNetFamily.Samples.BrainSegmentation.Report;

/// <summary>What the sample shows on the console: colours and bars in a terminal, plain lines in a pipe or a log.</summary>
internal static class Screen
{
    private static readonly IAnsiConsole Terminal = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect });

    public static void Say(string line) => Console.WriteLine(line);

    public static void Warn(string line) => Coloured("yellow", line);

    public static void Fail(string line) => Coloured("red", line);

    /// <summary>Runs the training under a progress bar with loss, time left and memory.</summary>
    public static LessonProgress Train(Func<Action<LessonProgress>, LessonProgress> train) => WithBar("Training", bar => train(progress =>
    {
        var left = progress.Elapsed * (1 / progress.Fraction - 1);
        bar.Description = string.Create(CultureInfo.InvariantCulture, $"Training: loss {progress.Loss:0.000}, {left:m\\:ss} left, {Megabytes(Environment.WorkingSet)}");
        bar.Value = progress.Fraction;
    }));

    /// <summary>Runs the segmentation of a volume under a progress bar.</summary>
    public static byte[] Segment(int slices, Func<Action<int>, byte[]> segment) => WithBar("Segmenting the volume", bar => segment(done => bar.Value = (double)done / slices));

    /// <summary>Dice by class, beside what copying a neighbour gives.</summary>
    public static void Table(LabelScheme scheme, Evaluation evaluation, string title = "U-Net")
    {
        var (network, below, above) = evaluation;
        var table = new Table().Border(TableBorder.Rounded).AddColumn("Dice");
        foreach (var name in (string[])[title, "copy of below", "copy of above"]) table.AddColumn(new TableColumn(name).RightAligned());
        for (var label = 1; label < scheme.Names.Count; label++)
        {
            var name = $"[{Sheet.ColourOf(label).Hex}]■[/] {Markup.Escape(scheme.Names[label])}";
            table.AddRow(name, Text(network.Of(label)), Text(below.Of(label)), Text(above.Of(label)));
        }
        table.AddEmptyRow();
        table.AddRow("[bold]mean[/]", $"[bold]{Text(network.Mean)}[/]", Text(below.Mean), Text(above.Mean));
        Terminal.Write(table);

        static string Text(double? dice) => dice?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-";
    }

    /// <summary>The most memory that the process has used.</summary>
    public static string PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return Megabytes(process.PeakWorkingSet64);
    }

    // Without a terminal its width is a guess, and a broken path can't be copied.
    private static void Coloured(string colour, string line)
    {
        if (Console.IsOutputRedirected)
            Say(line);
        else
            Terminal.MarkupLine($"[{colour}]{Markup.Escape(line)}[/]");
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB");

    private static T WithBar<T>(string description, Func<ProgressTask, T> work) => Terminal.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
        .Start(context =>
        {
            var bar = context.AddTask(description, maxValue: 1);
            var result = work(bar);
            bar.Value = 1;
            return result;
        });
}
