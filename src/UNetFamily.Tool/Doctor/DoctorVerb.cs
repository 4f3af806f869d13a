using Spectre.Console;

namespace UNetFamily.Tool;

/// <summary><c>doctor</c>: what this machine computes with, how fast, and whether it computes correctly.</summary>
internal static class DoctorVerb
{
    public const string Name = "doctor";

    public static Command Create(Shell shell)
    {
        var load = new Option<bool>(Loading.Option) { Hidden = true };
        var verb = new Verb(Name, "Says what this machine computes with, how fast, and whether the numbers are right.", "Where TorchSharp does not load it says why, and what helps.") { load };
        return shell.Does(verb, (parsed, screen) => parsed.GetValue(load) ? Loading.LoadHere(shell.Surroundings) : Run(screen));
    }

    private static int Run(Screen screen)
    {
        // Nothing of TorchSharp's is called before it is known to load.
        var loading = screen.WithSpinner("Loading TorchSharp", Loading.Examine);
        List<Finding> findings = [.. Machine.Examine(), loading];
        if (loading.Verdict is not Verdict.Wrong)
        {
            foreach (var (what, examine) in new (string, Func<IEnumerable<Finding>>)[] { ("Looking at libtorch", LibtorchFindings.Examine), ("Computing", Numerics.Examine), ("Measuring", Speed.Examine) })
            {
                findings.AddRange(screen.WithSpinner(what, () => examine().Select(finding =>
                {
                    screen.Cancellation.ThrowIfCancellationRequested();
                    return finding;
                }).ToList()));
            }
        }
        var isWell = !findings.Exists(finding => finding.Verdict is Verdict.Wrong);
        // As it is, without breaking lines: a path or a loader's message must be there to be copied and searched.
        screen.Show(new { isWell, findings = findings.Select(finding => new { subject = finding.Subject, value = finding.Value, verdict = finding.Verdict.ToString(), advice = finding.Advice }) },
            Table(findings), findings.Where(finding => finding.Advice is not null).Select(finding => $"{finding.Subject}: {finding.Advice}"));
        return isWell ? ExitCode.Fine : ExitCode.Failed;
    }

    private static Table Table(List<Finding> findings)
    {
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
        return table;
    }
}
