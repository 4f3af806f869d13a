namespace UNetFamily;

/// <summary>A slice of an image, as <see cref="SliceSheet"/> draws it: in grey, with its classes in colour where there are labels.</summary>
/// <param name="Image">The grey values, row by row from the top: height x width. What is not a finite number is black.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
public sealed record SliceView(ReadOnlyMemory<float> Image, int Width, int Height)
{
    /// <summary>How wide a pixel is against <see cref="PixelHeight"/>, such as in millimetres.</summary>
    /// <value>1.</value>
    public double PixelWidth { get; init; } = 1;

    /// <summary>How high a pixel is against <see cref="PixelWidth"/>.</summary>
    /// <value>1.</value>
    public double PixelHeight { get; init; } = 1;

    /// <summary>The class of each pixel, in the order of the image; 0 is the background. Empty: none are shown.</summary>
    public ReadOnlyMemory<byte> Labels { get; init; }

    /// <summary>The true class of each pixel. Where there is one, the pixels whose label is another are shown, in white, instead of the classes. Empty: the classes are shown.</summary>
    public ReadOnlyMemory<byte> Truth { get; init; }

    internal IEnumerable<string> Problems(int classes)
    {
        if (Width < 1 || Height < 1) yield return $"it has {Width} x {Height} pixels; both must be 1 or more";
        if (Image.Length != (long)Width * Height) yield return $"its image has {Image.Length} values for {Width} x {Height} pixels, not {(long)Width * Height}";
        if (!(PixelWidth > 0 && PixelHeight > 0 && double.IsFinite(PixelWidth) && double.IsFinite(PixelHeight))) yield return FormattableString.Invariant($"its pixels are {PixelWidth} x {PixelHeight}; both must be positive");
        if (Truth.Length > 0 && Labels.Length == 0) yield return "it has a truth and no labels to compare with it";
        foreach (var (name, map) in (IEnumerable<(string, ReadOnlyMemory<byte>)>)[("labels", Labels), ("truth", Truth)])
        {
            if (map.Length > 0 && map.Length != Image.Length) yield return $"its {name} are {map.Length} for {Image.Length} pixels";
            if (Highest(map.Span) is var highest && highest >= classes) yield return $"its {name} go up to {highest}, and there are {classes} classes, 0 to {classes - 1}";
        }
    }

    private static int Highest(ReadOnlySpan<byte> labels)
    {
        var highest = 0;
        foreach (var label in labels) highest = Math.Max(highest, label);
        return highest;
    }
}
