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
        bar(progress.Fraction, string.Create(CultureInfo.InvariantCulture, $"Training: loss {progress.Loss:0.000}, {left:m\\:ss} left, {Megabytes(Environment.WorkingSet)}"));
    }));

    /// <summary>Runs something under a progress bar.</summary>
    /// <param name="description">What it is.</param>
    /// <param name="work">Tells the bar which part is done, 0 to 1, and a new description, or null for the one that it has.</param>
    public static T WithBar<T>(string description, Func<Action<double, string?>, T> work) => Terminal.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
        .Start(context =>
        {
            var bar = context.AddTask(description, maxValue: 1);
            var result = work((done, text) => (bar.Value, bar.Description) = (done, text ?? bar.Description));
            bar.Value = 1;
            return result;
        });

    /// <summary>Dice and distance of outlines by class, beside the Dice that copying a neighbour gives.</summary>
    public static void Table(LabelScheme scheme, Evaluation evaluation, string title = "U-Net")
    {
        var (network, below, above) = evaluation;
        var table = new Table().Border(TableBorder.Rounded).AddColumn("Dice");
        foreach (var name in (string[])[title, "copy of below", "copy of above", $"{title}, HD95 mm"]) table.AddColumn(new TableColumn(name).RightAligned());
        for (var label = 1; label < scheme.Names.Count; label++)
        {
            var name = $"[{ClassColours.Hex(label)}]■[/] {Markup.Escape(scheme.Names[label])}";
            table.AddRow(name, Share(network.Dice(label)), Share(below.Dice(label)), Share(above.Dice(label)), Distance(network.Hausdorff(label)));
        }
        table.AddEmptyRow();
        table.AddRow("[bold]mean[/]", $"[bold]{Share(network.MeanDice)}[/]", Share(below.MeanDice), Share(above.MeanDice), Distance(network.MeanHausdorff));
        Terminal.Write(table);

        static string Share(double dice) => Text(dice, "0.000");
        static string Distance(double millimetres) => Text(millimetres, "0.0");
        static string Text(double value, string format) => double.IsNaN(value) ? "-" : value.ToString(format, CultureInfo.InvariantCulture);
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
}
