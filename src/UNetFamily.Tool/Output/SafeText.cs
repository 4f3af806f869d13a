namespace UNetFamily.Tool;

/// <summary>Text from a file on its way to a terminal.</summary>
internal static class SafeText
{
    /// <summary>The text with question marks in place of control characters, which a terminal might obey.</summary>
    public static string Of(string text) => string.Concat(text.Select(character => char.IsControl(character) ? '?' : character));
}
