using System.CommandLine;
using UNetFamily.Tests.Tool;
using UNetFamily.Tool;

namespace UNetFamily.Tests.Conventions;

/// <summary>What holds for every verb of the tool.</summary>
public class ToolConventionTests
{
    private static readonly string[] Names = ["segment", "inspect", "diff", "convert", "verify", "summary", "export-onnx", "doctor"];

    public static TheoryData<string> Verbs => [.. Names];

    private static RootCommand Root => ToolProgram.Root(new Shell(new Surroundings(TextWriter.Null, TextWriter.Null)));

    [Fact]
    public void The_tool_has_these_verbs() => Root.Subcommands.Select(verb => verb.Name).Should().Equal(Names);

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Help_names_every_argument_and_option_and_the_exit_codes(string name)
    {
        var verb = Root.Subcommands.Single(verb => verb.Name == name);

        var (code, output, errors) = ToolRun.Of(name, "--help");

        (code, errors).Should().Be((ExitCode.Fine, ""));
        output.Should().Contain($"unetfamily {name}").And.Contain("--json").And.Contain("""
            Exit codes:
              0    all is well
              1    files differ, one is damaged, or work failed
              2    the command line is wrong
              3    a file can't be read or written, or is not what it should be
              130  stopped by Ctrl+C
            """.ReplaceLineEndings("\n"));
        foreach (var symbol in verb.Arguments.Concat<Symbol>(verb.Options.Where(option => !option.Hidden)))
        {
            output.Should().Contain(symbol.Name);
            symbol.Description.Should().EndWith(".", "help of {0} is sentences", symbol.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Wrong_usage_is_a_sentence_and_exit_code_2(string name)
    {
        foreach (var arguments in (string[][])[[name, "--jsn"], [name, "a", "b", "c"], [name, "--jsn", "--json"]])
        {
            var (code, output, errors) = ToolRun.Of(arguments);
            code.Should().Be(ExitCode.WrongUsage);
            errors.Should().EndWith($" See unetfamily {name} --help.\n");
            errors.Count(character => character == '\n').Should().Be(1);
            (output.Length > 0).Should().Be(arguments.Contains("--json"));
        }
        ToolRun.Of(name, "--jsn").Errors.Should().StartWith($"There is no option '--jsn' of {name}. Did you mean --json? Options: ");
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void What_a_verb_needs_is_named_when_it_is_missing(string name)
    {
        var verb = Root.Subcommands.Single(verb => verb.Name == name);
        string[] needed = [.. verb.Arguments.Select(argument => $"{name} needs <{argument.Name}>: "), .. verb.Options.Where(option => option.Required).Select(option => $"{option.Name} is missing: ")];
        if (needed.Length == 0) return;

        var (code, output, errors) = ToolRun.Of(name);

        (code, output).Should().Be((ExitCode.WrongUsage, ""));
        errors.Should().ContainAll(needed);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Nothing_starts_when_it_is_to_stop(string name)
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        string[] words = name switch
        {
            "segment" => ["--model", "a", "--input", "b", "--output", "c"],
            "diff" or "convert" => ["a", "b"],
            "summary" => ["a", "--size", "1"],
            "export-onnx" => ["a", "b", "--size", "1"],
            "doctor" => [],
            _ => ["a"],
        };

        ToolRun.Of(cancelled.Token, [name, .. words]).Should().Be((ExitCode.Stopped, "", "Stopped; what was not finished was not written.\n"));
    }

    [Theory]
    [InlineData("", "A verb is missing. Verbs: segment, inspect, ")]
    [InlineData("summry", "There is no verb 'summry'. Did you mean summary? Verbs: segment, ")]
    [InlineData("--jsn", "There is no verb '--jsn'.")]
    public void A_verb_that_is_none_is_named(string line, string message)
    {
        var (code, output, errors) = ToolRun.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        (code, output).Should().Be((ExitCode.WrongUsage, ""));
        errors.Should().StartWith(message).And.EndWith("See unetfamily --help.\n");
    }

    [Theory]
    [InlineData("unetfamily s", "segment", "summary")]
    [InlineData("unetfamily summary unet3plus-c", "unet3plus-cgm")]
    [InlineData("unetfamily convert a b --network unext-", "unext-s")]
    [InlineData("unetfamily export-onnx a b --ends-in s", "softmax", "sigmoid")]
    [InlineData("unetfamily segment --device cu", "cuda")]
    public void Shells_complete_verbs_options_and_values(string line, params string[] words) =>
        ToolRun.Of($"[suggest:{line.Length}]", line).Output.Split('\n').Should().Contain(words);

    [Fact]
    public void Summary_shows_the_tree_and_its_json_has_the_same()
    {
        var (code, output, _) = ToolRun.Of("summary", "unext", "--size", "64", "--out-channels", "3", "--depth", "1");
        code.Should().Be(ExitCode.Fine);
        using var model = (ModelCatalog.Find("unext").Options with { OutChannels = 3 }).Build();
        output.Should().Be(model.Summary(64, 64).ToString(1) + "\n");

        var json = ToolRun.Json("summary", "unext", "--size", "64,96", "--depth", "1");
        json.GetProperty("parameters").GetInt64().Should().Be(ModelCatalog.Find("unext").Parameters);
        json.GetProperty("input").EnumerateArray().Select(side => side.GetInt64()).Should().Equal(3, 64, 96);
        var parts = json.GetProperty("tree").GetProperty("parts").EnumerateArray().ToArray();
        parts.Sum(part => part.GetProperty("parameters").GetInt64()).Should().Be(ModelCatalog.Find("unext").Parameters);
        parts.Should().OnlyContain(part => part.GetProperty("parts").GetArrayLength() == 0);
    }

    [Theory]
    [InlineData(ExitCode.WrongUsage, "There is no network 'unet-milesal'. Nearest: unet-milesial. There are: ", "unet-milesal", "--size", "256")]
    [InlineData(ExitCode.WrongUsage, "--size needs 2 sides, or one for all, for UNeXt, not 8,8,8.", "unext", "--size", "8,8,8")]
    [InlineData(ExitCode.WrongUsage, "UNeXt: ", "unext", "--size", "7")]
    [InlineData(ExitCode.WrongUsage, "--depth needs 0 or more.", "unext", "--size", "64", "--depth", "-1")]
    [InlineData(ExitCode.Unreadable, "There is no file or folder missing.safetensors.", "missing.safetensors", "--size", "64")]
    public void Summary_refuses_what_is_wrong(int code, string message, params string[] arguments)
    {
        var run = ToolRun.Of(["summary", .. arguments]);
        run.Code.Should().Be(code);
        run.Errors.Should().StartWith(message);
    }
}
