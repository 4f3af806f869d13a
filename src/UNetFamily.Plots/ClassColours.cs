using System.Globalization;
using SkiaSharp;

namespace UNetFamily;

/// <summary>The colours of classes in <see cref="SliceSheet"/>: all unlike each other, and none that would vanish on a grey image.</summary>
public static class ClassColours
{
    /// <summary>The colour of a class as a web page or a terminal writes it, such as <c>#ffb300</c>.</summary>
    /// <param name="label">The class, 1 to 255; the background, 0, has no colour.</param>
    public static string Hex(int label)
    {
        var colour = Of(label);
        return string.Create(CultureInfo.InvariantCulture, $"#{colour.Red:x2}{colour.Green:x2}{colour.Blue:x2}");
    }

    // Kelly's order of contrast, without what would vanish on grey; what follows is found by distance.
    private static readonly Lazy<SKColor[]> Colours = new(() => Extend(
    [
        new(0xff, 0xb3, 0x00), new(0x80, 0x3e, 0xb5), new(0x2e, 0xa0, 0x4a), new(0xe0, 0x3a, 0x3e),
        new(0x3b, 0x8e, 0xea), new(0xf7, 0x76, 0xc0), new(0x17, 0xc3, 0xb2), new(0xb8, 0x86, 0x4b),
    ]));

    internal static SKColor Of(int label)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(label, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(label, byte.MaxValue);
        return Colours.Value[label - 1];
    }

    /// <summary>How unlike two colours look, 0 to about 765: the distance of their channels, weighted as the eye does at that redness (the "redmean" of T. Riemersma).</summary>
    internal static double Distance(SKColor one, SKColor other)
    {
        var redness = (one.Red + other.Red) / 2.0;
        var (red, green, blue) = (one.Red - other.Red, one.Green - other.Green, one.Blue - other.Blue);
        return Math.Sqrt((2 + redness / 256) * red * red + 4.0 * green * green + (2 + (255 - redness) / 256) * blue * blue);
    }

    // Each next one is the candidate that is furthest from all before and from the greys of an image.
    private static SKColor[] Extend(List<SKColor> colours)
    {
        var candidates = new List<SKColor>();
        for (var hue = 0; hue < 360; hue += 6)
            foreach (var (saturation, value) in ((float, float)[])[(100, 100), (100, 70), (100, 45), (60, 100), (60, 75), (35, 100)]) candidates.Add(SKColor.FromHsv(hue, saturation, value));
        var greys = Enumerable.Range(0, 16).Select(i => new SKColor((byte)(17 * i), (byte)(17 * i), (byte)(17 * i)));
        var nearest = candidates.ToDictionary(candidate => candidate, candidate => greys.Concat(colours).Min(colour => Distance(candidate, colour)));
        while (colours.Count < byte.MaxValue)
        {
            var next = nearest.MaxBy(entry => entry.Value).Key;
            colours.Add(next);
            foreach (var candidate in nearest.Keys) nearest[candidate] = Math.Min(nearest[candidate], Distance(candidate, next));
        }
        return [.. colours];
    }
}
