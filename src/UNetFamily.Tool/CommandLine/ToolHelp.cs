using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace UNetFamily.Tool;

/// <summary>What <c>--help</c> shows: the page that System.CommandLine makes, then a verb's details, and the exit codes.</summary>
internal sealed class ToolHelp : SynchronousCommandLineAction
{
    // Of a terminal that nobody watches, where lines would have no end.
    private const int WidthWithoutTerminal = 140;

    private readonly HelpAction page;

    private ToolHelp(HelpAction page) => this.page = page;

    /// <summary>Puts it into the place of System.CommandLine's.</summary>
    public static void Arrange(RootCommand root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        var page = (HelpAction)option.Action!;
        if (Console.IsOutputRedirected) page.MaxWidth = WidthWithoutTerminal;
        option.Action = new ToolHelp(page);
    }

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        page.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb { Details: { } details }) output.WriteLine($"Details:\n{string.Join('\n', details.Split('\n').Select(line => $"  {line}"))}\n");
        output.WriteLine($"Exit codes:\n{string.Join('\n', ExitCode.All.Select(code => $"  {code.Number,-3}  {code.Meaning}"))}");
        return ExitCode.Fine;
    }
}
