using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace UNetFamily.Tool;

/// <summary>Where a verb writes: results to standard output, as text or JSON; progress and problems to standard error.</summary>
internal sealed class Screen(Surroundings surroundings, bool json)
{
    // Shorter work needs no bar.
    private const long LongFile = 64 << 20;
    // Of a table in a file or a pipe, where Spectre.Console would guess 80.
    private const int WidthWithoutTerminal = 160;

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public CancellationToken Cancellation => surroundings.Cancellation;

    /// <summary>Writes a result: the object as JSON, or the lines.</summary>
    public void Show(object result, IEnumerable<string> lines)
    {
        if (json) surroundings.Output.WriteLine(JsonSerializer.Serialize(result, Readable));
        else foreach (var line in lines) surroundings.Output.WriteLine(line);
    }

    /// <summary>Writes a result: the object as JSON, or a table and lines.</summary>
    public void Show(object result, IRenderable table, IEnumerable<string> lines)
    {
        if (!json)
        {
            var isTerminal = surroundings.Output == Console.Out && !Console.IsOutputRedirected;
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(surroundings.Output), Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No });
            if (!isTerminal) console.Profile.Width = WidthWithoutTerminal;
            console.Write(table);
        }
        Show(result, lines);
    }

    /// <summary>Says something that is no result.</summary>
    public void Say(string line) => surroundings.Errors.WriteLine(line);

    /// <summary>Says what went wrong.</summary>
    /// <returns>The exit code.</returns>
    public int Fail(int code, string message, object? problem = null)
    {
        if (json) surroundings.Output.WriteLine(JsonSerializer.Serialize(new { error = problem ?? new { reason = message } }, Readable));
        surroundings.Errors.WriteLine(message);
        return code;
    }

    /// <summary>Says what is wrong with the command line.</summary>
    /// <returns>The exit code.</returns>
    public int Refuse(string message) => Fail(ExitCode.WrongUsage, message);

    /// <summary>Runs work on so many bytes, with a bar on a terminal when there are many. It ends between two reports when it is to stop.</summary>
    public void WithBytes(string what, long bytes, Action<IProgress<long>> work)
    {
        if (bytes < LongFile || !surroundings.IsTerminal) work(new Immediate<long>(_ => Cancellation.ThrowIfCancellationRequested()));
        else
        {
            Bars(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new TransferSpeedColumn()).Start(context =>
            {
                var bar = context.AddTask(Markup.Escape(what), maxValue: bytes);
                work(new Immediate<long>(done =>
                {
                    Cancellation.ThrowIfCancellationRequested();
                    bar.Value = done;
                }));
            });
        }
    }

    /// <summary>Runs work with a bar on a terminal.</summary>
    /// <param name="what">What it is.</param>
    /// <param name="work">Is to report which share is done, 0 to 1.</param>
    public T WithBar<T>(string what, Func<IProgress<double>, T> work) => !surroundings.IsTerminal ? work(new Immediate<double>(_ => { }))
        : Bars(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).Start(context =>
        {
            var bar = context.AddTask(Markup.Escape(what), maxValue: 1);
            return work(new Immediate<double>(done => bar.Value = done));
        });

    /// <summary>Runs work of which nobody knows how far it is, with something that turns on a terminal.</summary>
    public T WithSpinner<T>(string what, Func<T> work) => surroundings.IsTerminal ? Errors().Status().Start(Markup.Escape(what), _ => work()) : work();

    /// <summary>The most memory that the process has used.</summary>
    public static string PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return string.Create(CultureInfo.InvariantCulture, $"{process.PeakWorkingSet64 / 1e6:0} MB");
    }

    private Progress Bars(params ProgressColumn[] columns) => Errors().Progress().AutoClear(true).Columns(columns);

    private IAnsiConsole Errors() => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(surroundings.Errors) });
}
