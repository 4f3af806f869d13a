using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace CheckpointTool;

/// <summary>Where a command writes: results to standard output, as text or JSON; progress and problems to standard error.</summary>
internal sealed class Screen(TextWriter output, TextWriter errors, bool json)
{
    // Shorter work needs no bar.
    private const long LongFile = 64 << 20;

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a result: the object as JSON, or the lines.</summary>
    public void Show(object result, IEnumerable<string> lines)
    {
        if (json) output.WriteLine(JsonSerializer.Serialize(result, Readable));
        else foreach (var line in lines) output.WriteLine(line);
    }

    public void Fail(string message, object problem)
    {
        if (json) output.WriteLine(JsonSerializer.Serialize(new { error = problem }, Readable));
        errors.WriteLine(message);
    }

    /// <summary>Runs work on so many bytes, with a bar on a terminal when there are many.</summary>
    public void WithProgress(string what, long bytes, Action<IProgress<long>> work)
    {
        if (bytes < LongFile || Console.IsErrorRedirected)
        {
            work(new Ignored());
            return;
        }
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(errors) });
        console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new TransferSpeedColumn())
            .Start(context => work(new Bar(context.AddTask(Markup.Escape(what), maxValue: bytes))));
    }

    private sealed class Ignored : IProgress<long>
    {
        public void Report(long value)
        {
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<long>
    {
        public void Report(long value) => task.Value = value;
    }
}
