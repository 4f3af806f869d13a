using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using UNetFamily.NnUNet;

namespace UNetFamily.Tool;

/// <summary>What all verbs share: where they write, <c>--json</c>, and what becomes of exceptions.</summary>
internal sealed partial class Shell(Surroundings surroundings)
{
    public Surroundings Surroundings => surroundings;

    public Option<bool> Json { get; } = new("--json") { Description = "Write the result, and what went wrong, as JSON to standard output.", Recursive = true };

    public Screen ScreenFor(ParseResult parsed) => new(surroundings, parsed.GetValue(Json));

    /// <summary>Gives a verb its work.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="run">The work; gives the exit code.</param>
    public Command Does(Command verb, Func<ParseResult, Screen, int> run)
    {
        verb.SetAction(parsed => Guarded(ScreenFor(parsed), screen => run(parsed, screen)));
        return verb;
    }

    private static int Guarded(Screen screen, Func<Screen, int> run)
    {
        try
        {
            screen.Cancellation.ThrowIfCancellationRequested();
            return run(screen);
        }
        catch (OperationCanceledException)
        {
            return screen.Fail(ExitCode.Stopped, "Stopped; what was not finished was not written.", new { reason = "stopped" });
        }
        catch (CheckpointMismatchException mismatch)
        {
            return screen.Fail(ExitCode.Failed, mismatch.Message, new { file = mismatch.Report.FileName, differences = mismatch.Report.Differences });
        }
        catch (CheckpointException problem)
        {
            return screen.Fail(ExitCode.Unreadable, problem.Message, new { file = problem.FileName, position = problem.Position, reason = problem.Reason });
        }
        catch (ModelFolderException problem)
        {
            return screen.Fail(ExitCode.Unreadable, problem.Message, new { file = problem.Path, reason = problem.Reason });
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return screen.Fail(ExitCode.Unreadable, problem.Message);
        }
        catch (Exception problem) when (problem is UsageException or ArgumentException or NotSupportedException)
        {
            return screen.Refuse(Sentence(problem));
        }
        // libtorch's own errors, such as too little memory of a GPU, come as these.
        catch (Exception problem) when (IsFailure(problem))
        {
            return screen.Fail(ExitCode.Failed, problem.Message);
        }
    }

    /// <summary>Whether it is work that failed, and no fault of the tool's.</summary>
    public static bool IsFailure(Exception problem) => problem is LibtorchException or InvalidOperationException or ArithmeticException or ExternalException or OutOfMemoryException;

    // .NET puts the name of a method's parameter behind the message.
    private static string Sentence(Exception problem) => Parameter().Replace(problem.Message, "");

    [GeneratedRegex(@" \(Parameter '[^']*'\)$")]
    private static partial Regex Parameter();
}
