using Doctor;
using Spectre.Console;

// What this machine computes with, how fast, and whether it computes correctly. The exit code is 1 when a number is wrong.
var findings = new List<Finding>();
var table = new Table().Border(TableBorder.Rounded).AddColumns("", "UNetFamily's doctor", "");
try
{
    findings.AddRange(Machine.Examine());
    findings.AddRange(Numerics.Examine());
    findings.AddRange(Speed.Examine());
}
catch (Exception problem) when (problem is DllNotFoundException or TypeInitializationException or BadImageFormatException)
{
    findings.Add(new("libtorch", "does not load", Verdict.Wrong, (problem.InnerException ?? problem).Message));
}

foreach (var finding in findings)
{
    var (colour, mark) = finding.Verdict switch
    {
        Verdict.Wrong => ("red", "wrong"),
        Verdict.Doubtful => ("yellow", "look here"),
        Verdict.Right => ("green", "right"),
        _ => ("default", ""),
    };
    table.AddRow(new Text(finding.Subject), new Text(finding.Value), new Markup($"[{colour}]{mark}[/]"));
}
var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect });
console.Write(table);

foreach (var finding in findings.Where(finding => finding.Advice is not null))
    console.WriteLine($"{finding.Subject}: {finding.Advice}");
return findings.Exists(finding => finding.Verdict is Verdict.Wrong) ? 1 : 0;
