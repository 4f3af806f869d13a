using System.Text;

namespace UNetFamily;

/// <summary>Text from a file, made fit for a message or a terminal.</summary>
internal static class Printable
{
    /// <summary>The text with control characters escaped and anything past <paramref name="limit"/> characters left out.</summary>
    public static string Of(string text, int limit = 200)
    {
        var builder = new StringBuilder();
        foreach (var character in text.Length > limit ? text.AsSpan(0, limit) : text)
        {
            if (char.IsControl(character) || char.IsSurrogate(character) || char.GetUnicodeCategory(character) is System.Globalization.UnicodeCategory.Format)
                builder.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            else builder.Append(character);
        }
        return text.Length > limit ? builder.Append('…').ToString() : builder.ToString();
    }
}
