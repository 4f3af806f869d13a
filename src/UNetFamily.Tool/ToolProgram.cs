using System.CommandLine.Invocation;

namespace UNetFamily.Tool;

/// <summary>The command line tool: its verbs, and how a command line comes to one.</summary>
internal static class ToolProgram
{
    public const string Name = "unetfamily";

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The words after the tool's name.</param>
    /// <param name="surroundings">Where it writes, and who may stop it.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(IReadOnlyList<string> arguments, Surroundings surroundings)
    {
        var shell = new Shell(surroundings);
        var root = Root(shell);
        // Files may be called @x, and -io is no -i -o: words are taken as they are.
        var parsed = root.Parse(arguments, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        // Help, the version or completions are asked for, whatever else is wrong.
        var asks = parsed.Action is not ParseErrorAction && parsed.Action != parsed.CommandResult.Command.Action;
        if (!asks && UsageProblem.Of(parsed) is { } problem) return shell.ScreenFor(parsed).Refuse($"{problem} See {UsageProblem.NameOf(parsed.CommandResult.Command)} --help.");
        return parsed.Invoke(new InvocationConfiguration { Output = surroundings.Output, Error = surroundings.Errors, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>The tool with all its verbs.</summary>
    public static RootCommand Root(Shell shell)
    {
        var root = new RootCommand("Segmentation networks on the command line.\nResults go to standard output, as text or with --json as JSON; all else goes to standard error.") { HelpName = Name };
        root.Options.Add(shell.Json);
        foreach (var verb in (Command[])
        [
            SegmentVerb.Create(shell), InspectVerb.Create(shell), DiffVerb.Create(shell), ConvertVerb.Create(shell), VerifyVerb.Create(shell), SummaryVerb.Create(shell), ExportOnnxVerb.Create(shell), DoctorVerb.Create(shell),
        ]) root.Subcommands.Add(verb);
        ToolHelp.Arrange(root);
        return root;
    }
}
