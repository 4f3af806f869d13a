using System.Text;
using ScottPlot;
using SkiaSharp;

namespace UNetFamily;

/// <summary>
/// The letters of all pictures: Open Sans, which is in this package. So a picture looks the same on every machine, and has text where no font is installed or, as with SkiaSharp's native files for Linux
/// without dependencies, none is found.
/// </summary>
internal static class Letters
{
    private const string Name = "UNetFamily.Plots";

    private static readonly SKTypeface Regular = Load("OpenSans-Regular.ttf"), Strong = Load("OpenSans-Semibold.ttf");

    // ScottPlot asks for fonts by name; no other answers to this one.
    static Letters() => Fonts.FontResolvers.Insert(0, new Resolver());

    /// <summary>The letters for a text: ours, or those of an installed font that has what ours lack. Without any, what they lack becomes boxes.</summary>
    public static SKFont For(string text, float size, bool strong = false)
    {
        var font = new SKFont(strong ? Strong : Regular, size) { Subpixel = true, Edging = SKFontEdging.Antialias };
        if (Installed(text, font) is { } installed) font.Typeface = installed;
        return font;
    }

    /// <summary>As <see cref="For"/>, by the name that ScottPlot knows the letters by.</summary>
    public static string NameFor(string text)
    {
        using var font = new SKFont(Regular);
        return Installed(text, font)?.FamilyName is { Length: > 0 } installed ? installed : Name;
    }

    /// <summary>An installed font with the first letter that a font lacks; null where it lacks none or none is installed.</summary>
    private static SKTypeface? Installed(string text, SKFont font) =>
        text.EnumerateRunes().Where(letter => !Rune.IsControl(letter) && !font.ContainsGlyph(letter.Value)).Select(letter => SKFontManager.Default.MatchCharacter(letter.Value)).FirstOrDefault(found => found is not null);

    private static SKTypeface Load(string file)
    {
        using var stream = typeof(Letters).Assembly.GetManifestResourceStream(file)!;
        return SKTypeface.FromStream(stream);
    }

    private sealed class Resolver : IFontResolver
    {
        public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => Find(fontName, weight >= FontWeight.SemiBold);

        public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => Find(fontName, bold);

        private static SKTypeface? Find(string name, bool bold) => name == Name ? bold ? Strong : Regular : null;
    }
}
