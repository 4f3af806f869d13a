using System.Text.Json;
using UNetFamily.Tool;

namespace UNetFamily.Tests.Tool;

/// <summary>The command line tool, in this process.</summary>
internal static class ToolRun
{
    public static (int Code, string Output, string Errors) Of(params IReadOnlyList<string> arguments) => Of(CancellationToken.None, arguments);

    public static (int Code, string Output, string Errors) Of(CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = ToolProgram.Run(arguments, new Surroundings(output, errors, IsTerminal: false, cancellation));
        return (code, output.ToString(), errors.ToString());
    }

    /// <summary>What <c>--json</c> writes.</summary>
    public static JsonElement Json(params IReadOnlyList<string> arguments) => JsonDocument.Parse(Of([.. arguments, "--json"]).Output).RootElement;
}
