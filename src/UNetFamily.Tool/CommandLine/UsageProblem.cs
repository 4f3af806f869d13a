using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace UNetFamily.Tool;

/// <summary>What is wrong with a command line, in a sentence or two.</summary>
internal static partial class UsageProblem
{
    /// <summary>The first thing that is wrong; null when nothing is.</summary>
    public static string? Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0) return NoVerb(command, parsed.UnmatchedTokens);
        if (parsed.Tokens.TakeWhile(token => token.Type is not TokenType.DoubleDash).FirstOrDefault(token => token.Type is TokenType.Argument && LooksLikeAnOption().IsMatch(token.Value)) is { } unknown)
            return NoOption(command, unknown.Value);
        if (parsed.UnmatchedTokens is [var left, ..]) return $"{command.Name} takes {Words(command)}; '{left}' is too much.";
        string[] problems =
        [
            .. parsed.Errors.Where(error => error.SymbolResult is OptionResult { Tokens.Count: > 0 } or ArgumentResult { Tokens.Count: > 0 }).Select(error => error.Message).Distinct(),
            .. command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is null or { Tokens.Count: 0 }).Select(argument => $"{command.Name} needs <{argument.Name}>: {First(argument)}"),
            .. command.Options.Where(option => option.Required && parsed.GetResult(option) is null or { Implicit: true }).Select(option => $"{option.Name} is missing: {First(option)}"),
        ];
        if (problems.Length > 0) return string.Join(" ", problems);
        return parsed.Errors.Count == 0 ? null : string.Join(" ", parsed.Errors.Select(Message).Distinct());
    }

    /// <summary>The name with those of the commands above.</summary>
    public static string NameOf(Command command) => command is RootCommand ? ToolProgram.Name : $"{ToolProgram.Name} {command.Name}";

    /// <summary>The candidate that was probably meant, in a sentence; empty when none is near.</summary>
    public static string Meant(string word, IEnumerable<string> candidates) =>
        NearestName.Of((word, []), candidates.Select(candidate => (candidate, (IReadOnlyList<long>)[]))) is { } nearest ? $" Did you mean {nearest.Name}?" : "";

    private static string? NoVerb(Command root, IReadOnlyList<string> words)
    {
        string[] verbs = [.. root.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name)];
        return words is [var word, ..] ? $"There is no verb '{SafeText.Of(word)}'.{Meant(word, verbs)} Verbs: {string.Join(", ", verbs)}." : $"A verb is missing. Verbs: {string.Join(", ", verbs)}.";
    }

    private static string NoOption(Command command, string word)
    {
        string[] options = [.. command.Options.Where(option => !option.Hidden).Select(option => option.Name), "--json", "--help"];
        return $"There is no option '{SafeText.Of(word)}' of {command.Name}.{Meant(word, options)} Options: {string.Join(", ", options)}.";
    }

    private static string Words(Command command) => command.Arguments.Count == 0 ? "no words but options" : string.Join(" and ", command.Arguments.Select(argument => $"<{argument.Name}>"));

    private static string Message(ParseError error) => error.SymbolResult is OptionResult { Tokens.Count: 0, Option: var option } ? $"{option.Name} needs a value: {First(option)}" : error.Message;

    // A sentence of a list of sentences, and within one.
    private static string First(Symbol symbol) => symbol.Description is { Length: > 0 } text ? $"{char.ToLowerInvariant(text[0])}{text.Split(". ")[0][1..].TrimEnd('.')}." : "";

    // A number below zero is none.
    [GeneratedRegex("^-[^0-9.]")]
    private static partial Regex LooksLikeAnOption();
}
