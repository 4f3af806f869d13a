using System.Globalization;
using System.Text.RegularExpressions;

namespace UNetFamily.Tool;

/// <summary>Options whose values are checked as they are read.</summary>
internal static partial class Values
{
    /// <summary>A number.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it is, for help.</param>
    /// <param name="allowed">Which numbers are.</param>
    /// <param name="what">Those in words.</param>
    public static Option<double?> Number(string name, string description, Func<double, bool> allowed, string what) => Parsed<double?>(name, description, text =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && allowed(value) ? value : throw new FormatException(what));

    /// <summary>Sides of an image or a volume, such as <c>256</c> or <c>64,128,128</c>.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What they are, for help.</param>
    /// <param name="least">The smallest side.</param>
    /// <param name="most">The largest side.</param>
    public static Option<long[]?> Sides(string name, string description, long least, long most) => Parsed<long[]?>(name, description, text =>
    {
        string[] parts = text.Split(',');
        long[] sides = [.. parts.Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var side) ? side : -1)];
        return parts.Length <= 3 && sides.All(side => side >= least && side <= most) ? sides
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"1 to 3 whole numbers of {least} to {most}, such as 256 or 64,128,128"));
    });

    /// <summary>One of some words; the first is taken when the option is not there.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it is, for help.</param>
    public static Option<T> OneOf<T>(string name, string description) where T : struct, Enum
    {
        string[] words = [.. Enum.GetNames<T>().Select(word => word.ToLowerInvariant())];
        var option = Parsed(name, description, text => words.Contains(text.ToLowerInvariant()) ? Enum.Parse<T>(text, ignoreCase: true)
            : throw new FormatException($"{string.Join(", ", words[..^1])} or {words[^1]}", new FormatException(UsageProblem.Meant(text, words))));
        option.HelpName = string.Join('|', words);
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>A device, which may not be there.</summary>
    public static Option<string?> Device()
    {
        var option = Parsed<string?>("--device", "Where to compute: cpu, cuda or cuda:1. A GPU where there is one, when left out.", text => DeviceName().IsMatch(text) ? text
            : throw new FormatException("cpu, cuda or cuda:0, cuda:1 and so on", new FormatException(UsageProblem.Meant(text, ["cpu", "cuda"]))));
        option.HelpName = "name";
        option.CompletionSources.Add("cpu", "cuda");
        return option;
    }

    /// <summary>An option with a reader of its value.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it is, for help.</param>
    /// <param name="read">Reads the text; the message of a <see cref="FormatException"/> says what is allowed, that of the one inside what was probably meant.</param>
    public static Option<T> Parsed<T>(string name, string description, Func<string, T> read) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            try
            {
                return read(text);
            }
            catch (FormatException wrong)
            {
                result.AddError($"{name} needs {wrong.Message}, not '{SafeText.Of(text)}'.{wrong.InnerException?.Message}");
                return default!;
            }
        },
    };

    /// <summary>Whether the command line itself has the option.</summary>
    public static bool Has(this ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    [GeneratedRegex("^(cpu|cuda(:[0-9]{1,3})?)$")]
    private static partial Regex DeviceName();
}
