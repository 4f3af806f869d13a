namespace UNetFamily;

/// <summary>Which numbers are black and which white.</summary>
internal readonly record struct GreyWindow(float Black, float White)
{
    /// <summary>From the darkest to all but the very brightest pixels.</summary>
    public static GreyWindow Of(IEnumerable<SliceView> views)
    {
        var numbers = views.SelectMany(view => view.Image.ToArray()).Where(float.IsFinite).Order().ToArray();
        return numbers.Length == 0 ? new(0, 1) : new(numbers[0], numbers[(int)(0.995 * (numbers.Length - 1))]);
    }

    /// <summary>A number's brightness.</summary>
    public byte Of(float number) => !float.IsFinite(number) || number <= Black ? (byte)0
        : number >= White ? byte.MaxValue
        : (byte)Math.Round(255 * (((double)number - Black) / ((double)White - Black)));
}
