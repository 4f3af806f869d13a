namespace CheckpointTool;

/// <summary>Text from a file on its way to a terminal.</summary>
internal static class Text
{
    /// <summary>The text with question marks in place of control characters, which a terminal might obey.</summary>
    public static string Safe(string text) => string.Concat(text.Select(character => char.IsControl(character) ? '?' : character));
}
