using Doctor;
using Spectre.Console;

// What this machine computes with, how fast, and whether it computes correctly. The exit code is 1 when something is wrong.
if (args is [Loading.Argument]) return Loading.LoadHere();

// Nothing of TorchSharp's is called before it is known to load.
var loading = Loading.Examine();
List<Finding> findings = [.. Machine.Examine(), loading];
if (loading.Verdict is not Verdict.Wrong) findings.AddRange([.. LibTorch.Examine(), .. Numerics.Examine(), .. Speed.Examine()]);

var table = new Table().Border(TableBorder.Rounded).AddColumns("", "UNetFamily's doctor", "");
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

// As it is, without breaking lines: a path or a loader's message must be there to be copied and searched.
foreach (var finding in findings.Where(finding => finding.Advice is not null))
    Console.WriteLine($"{finding.Subject}: {finding.Advice}");
return findings.Exists(finding => finding.Verdict is Verdict.Wrong) ? 1 : 0;
